// The little JSON that HTTPWire itself writes: {"message":"…"}.

/// Text as JSON.
package enum JSONText {
  /// `{"message":"…"}` with `message` escaped (RFC 8259 §7).
  package static func message(_ message: String) -> [UInt8] {
    var bytes = Array("{\"message\":".utf8)
    appendString(message, to: &bytes)
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }

  /// Appends `text` as a JSON string, quotes included, to `bytes`.
  package static func appendString(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
