// Writes JSON text straight into bytes: no tree, no Foundation. Correct by construction: commas are its
// business, strings are Swift strings and so always valid UTF-8 (a lone surrogate cannot exist in one).

/// Builds one JSON value.
package struct JSONWriter {
  /// The text so far.
  package private(set) var bytes: [UInt8] = []
  /// Whether the next value or name in the open object or array needs a comma in front.
  private var needsComma = false

  /// An empty writer.
  package init() {}

  /// The bytes of the object that `body` fills.
  package static func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.object(body)
    return writer.bytes
  }

  /// Writes an object whose members `body` writes.
  package mutating func object(_ body: (inout JSONWriter) -> Void) {
    nest(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
  }

  /// Writes an array whose elements `body` writes.
  package mutating func array(_ body: (inout JSONWriter) -> Void) {
    nest(UInt8(ascii: "["), UInt8(ascii: "]"), body)
  }

  /// Writes a member's name; its value must follow.
  package mutating func name(_ name: String) {
    string(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Writes a string.
  package mutating func string(_ value: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    for byte in value.utf8 { escape(byte) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes an integer.
  package mutating func integer(_ value: some BinaryInteger) {
    separate()
    bytes += String(value).utf8
  }

  /// Writes a number with two decimals from its hundredths.
  package mutating func hundredths(_ value: Int64) {
    separate()
    bytes += RateText.hundredths(value).utf8
  }

  /// Writes `true` or `false`.
  package mutating func boolean(_ value: Bool) {
    separate()
    bytes += (value ? "true" : "false").utf8
  }

  /// Writes a string member.
  package mutating func member(_ name: String, _ value: String) {
    self.name(name)
    string(value)
  }

  /// Writes an integer member.
  package mutating func member(_ name: String, _ value: some BinaryInteger) {
    self.name(name)
    integer(value)
  }

  /// Writes a boolean member.
  package mutating func member(_ name: String, _ value: Bool) {
    self.name(name)
    boolean(value)
  }

  private mutating func nest(
    _ opening: UInt8, _ closing: UInt8, _ body: (inout JSONWriter) -> Void
  ) {
    separate()
    bytes.append(opening)
    needsComma = false
    body(&self)
    bytes.append(closing)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    case 0x0A: bytes += #"\n"#.utf8
    case 0x0D: bytes += #"\r"#.utf8
    case 0x09: bytes += #"\t"#.utf8
    case 0..<0x20, 0x7F:
      bytes += #"\u00"#.utf8
      bytes += (byte < 0x10 ? "0" : "").utf8
      bytes += String(byte, radix: 16).utf8
    default: bytes.append(byte)
    }
  }
}
