// Hexadecimal digits.

/// The value of one ASCII hexadecimal digit, or nil.
package func hexadecimalValue(of character: UInt8) -> UInt8? {
  switch character {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
  default: nil
  }
}

/// 16 lower-case hexadecimal digits, most significant first.
package func hexadecimal(_ word: UInt64) -> String {
  unsafe String(unsafeUninitializedCapacity: 16) { buffer in
    unsafe writeHexadecimal(word, to: buffer, at: 0)
    return 16
  }
}

/// Writes 16 digits to `buffer` from `start` on, which has room for them.
func writeHexadecimal(
  _ word: UInt64, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int
) {
  for place in 0..<16 {
    let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * place)) & 15
    unsafe buffer[start + place] = nibble < 10 ? 48 + nibble : 87 + nibble
  }
}
