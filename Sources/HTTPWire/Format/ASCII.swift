// Byte classes and word-at-a-time scans that the parsers share. Nothing here allocates.

import Glibc

/// Names of the bytes HTTP is made of.
enum ASCII {
  /// Horizontal tab.
  static let tab: UInt8 = 0x09
  /// Line feed.
  static let lineFeed: UInt8 = 0x0A
  /// Carriage return.
  static let carriageReturn: UInt8 = 0x0D
  /// Space.
  static let space: UInt8 = 0x20

  /// Whether `byte` may stand in a token: a method or a field name (RFC 9110 §5.6.2).
  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    // One bit per ASCII byte: 0…63 in the first word, 64…127 in the second.
    let low: UInt64 = 0x03FF_6CFA_0000_0000
    let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
    guard byte < 0x80 else { return false }
    return (byte < 64 ? low &>> UInt64(byte) : high &>> UInt64(byte & 63)) & 1 == 1
  }

  /// The value of the decimal digit `byte`, or nil.
  @inline(__always)
  static func digit(_ byte: UInt8) -> UInt8? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? value : nil
  }

  /// The value of the hexadecimal digit `byte` of either case, or nil.
  @inline(__always)
  static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    if let value = digit(byte) { return value }
    let value = (byte | 0x20) &- UInt8(ascii: "a")
    return value < 6 ? value + 10 : nil
  }

  /// The offset of the first byte of `bytes[start…]` that is below `limit` or DEL, or the count.
  ///
  /// Reads eight bytes at a time. `limit` is at most 0x80.
  @inline(__always)
  static func firstByte(
    below limit: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int
  ) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    var offset = start
    while offset &+ 8 <= bytes.count {
      let word = unsafe UInt64(
        littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      let deletes = word ^ (ones &* 0x7F)
      // The lowest flagged byte is exact in both terms: a borrow runs upwards only.
      let flags =
        ((word &- ones &* UInt64(limit)) & ~word & tops) | ((deletes &- ones) & ~deletes & tops)
      if flags != 0 { return offset &+ flags.trailingZeroBitCount &>> 3 }
      offset &+= 8
    }
    while offset < bytes.count {
      let byte = unsafe bytes[offset]
      if byte < limit || byte == 0x7F { return offset }
      offset &+= 1
    }
    return offset
  }
}

extension UnsafeRawBufferPointer {
  /// The bytes at `offset ..< offset + count`, which the caller knows to lie inside.
  @inline(__always)
  func slice(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: self[offset..<(offset + count)])
  }

  /// The bytes without spaces and tabs at either end.
  @inline(__always)
  var trimmed: UnsafeRawBufferPointer {
    var start = 0
    var end = count
    while start < end, unsafe Self.isBlank(self[start]) { start &+= 1 }
    while end > start, unsafe Self.isBlank(self[end &- 1]) { end &-= 1 }
    return unsafe slice(start, end - start)
  }

  /// Whether `byte` is a space or a tab.
  @inline(__always)
  private static func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }

  /// Whether the bytes are exactly `text`.
  package func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    guard count > 0, let base = baseAddress else { return true }
    return unsafe memcmp(base, text.utf8Start, count) == 0
  }

  /// Whether the bytes begin with `text`.
  package func starts(with text: StaticString) -> Bool {
    guard count >= text.utf8CodeUnitCount else { return false }
    guard text.utf8CodeUnitCount > 0, let base = baseAddress else { return true }
    return unsafe memcmp(base, text.utf8Start, text.utf8CodeUnitCount) == 0
  }

  /// Whether the bytes are `lowercase` in any case; `lowercase` holds lower-case letters, digits and dashes only.
  package func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
    guard count == lowercase.utf8CodeUnitCount else { return false }
    let expected = unsafe lowercase.utf8Start
    for offset in 0..<count {
      let byte = unsafe self[offset]
      let folded = byte >= 0x40 ? byte | 0x20 : byte
      if unsafe folded != expected[offset] { return false }
    }
    return true
  }

  /// The non-negative decimal number the bytes spell, saturated at `Int64.max`; nil unless they are one or more digits.
  package var saturatedDecimal: Int64? {
    guard count > 0 else { return nil }
    var value: Int64 = 0
    for offset in 0..<count {
      guard let digit = unsafe ASCII.digit(self[offset]) else { return nil }
      let (scaled, overflowed) = value.multipliedReportingOverflow(by: 10)
      let (sum, carried) = scaled.addingReportingOverflow(Int64(digit))
      // Saturated values stay saturated: Int64.max × 10 overflows again.
      value = overflowed || carried ? .max : sum
    }
    return value
  }

  /// The bytes as text; what is not UTF-8 becomes the replacement character.
  package var text: String { unsafe String(decoding: self, as: UTF8.self) }
}
