// Bytes as ASCII: what the text formats of a configuration are made of.

/// Tests and conversions of single ASCII bytes.
enum ASCII {
  /// The value of a decimal digit, or nil.
  static func digit(_ byte: UInt8) -> UInt8? {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? byte - UInt8(ascii: "0") : nil
  }

  /// `byte` with A–Z turned into a–z.
  static func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
  }

  /// True for space, tab, line feed, form feed and carriage return.
  static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (byte >= 0x09 && byte <= 0x0D && byte != 0x0B)
  }
}

extension StringProtocol {
  /// The text without blanks (space, tab, line feed, form feed, carriage return) at either end.
  var asciiTrimmed: String {
    let bytes = Array(utf8)
    guard let first = bytes.firstIndex(where: { !ASCII.isBlank($0) }),
      let last = bytes.lastIndex(where: { !ASCII.isBlank($0) })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }
}
