// Percent-encoding of paths and forms (RFC 3986 §2.1; compat §2.3).

/// Decoding and encoding of percent escapes.
package enum PercentCoding {
  /// What a `%` that two hexadecimal digits do not follow means.
  package enum Mode: Sendable, Hashable {
    /// The text is malformed.
    case strict
    /// The `%` stands for itself.
    case lenient
  }

  /// The decoded bytes of `bytes`; nil when they are malformed, which only `strict` knows.
  ///
  /// With `form`, a plus is a space (form-encoded queries); without, a plus is a plus (pasted paths).
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, mode: Mode = .strict, form: Bool = false
  ) -> [UInt8]? {
    var malformed = false
    let decoded = unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { out, count in
      var offset = 0
      while offset < bytes.count {
        var byte = unsafe bytes[offset]
        offset += 1
        if byte == UInt8(ascii: "+"), form { byte = ASCII.space }
        if byte == UInt8(ascii: "%") {
          if let escaped = unsafe escaped(bytes, at: offset) {
            byte = escaped
            offset += 2
          } else if mode == .strict {
            malformed = true
            return
          }
        }
        unsafe out.baseAddress.map { unsafe ($0 + count).initialize(to: byte) }
        count += 1
      }
    }
    return malformed ? nil : decoded
  }

  /// The decoded text of `bytes`; nil when an escape is malformed in `strict` mode, or the result is not UTF-8 or holds a NUL.
  package static func text(
    _ bytes: UnsafeRawBufferPointer, mode: Mode = .strict, form: Bool = false
  ) -> String? {
    guard let decoded = unsafe decode(bytes, mode: mode, form: form), !decoded.contains(0) else {
      return nil
    }
    return String(validating: decoded, as: UTF8.self)
  }

  /// `path` with every byte escaped but unreserved ones and `/`.
  package static func encode(path: String) -> String {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(path.utf8.count)
    for byte in path.utf8 {
      if isUnreserved(byte) || byte == UInt8(ascii: "/") {
        encoded.append(byte)
      } else {
        encoded.append(UInt8(ascii: "%"))
        encoded.append(upperHexadecimal(byte >> 4))
        encoded.append(upperHexadecimal(byte & 15))
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// The byte that the two digits at `offset` spell, or nil.
  @inline(__always)
  private static func escaped(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt8? {
    guard offset + 1 < bytes.count, let high = unsafe ASCII.hexadecimalDigit(bytes[offset]),
      let low = unsafe ASCII.hexadecimalDigit(bytes[offset + 1])
    else { return nil }
    return high << 4 | low
  }

  /// Whether `byte` is a letter, a digit, or one of `-._~`.
  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  /// The digit of `nibble`, 0…15.
  private static func upperHexadecimal(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
  }
}
