// Percent-encoding as signatures demand it: every byte but the unreserved ones of RFC 3986, in upper case.

/// How keys and parameters are written into a request.
enum S3Coding {
  /// `text` with every byte escaped but the unreserved ones, and with `keepingSlash` slashes as well.
  static func encode(_ text: String, keepingSlash: Bool = false) -> String {
    if text.utf8.allSatisfy({ isPlain($0, keepingSlash) }) { return text }
    var encoded: [UInt8] = []
    encoded.reserveCapacity(text.utf8.count * 3 / 2)
    for byte in text.utf8 {
      if isPlain(byte, keepingSlash) {
        encoded.append(byte)
      } else {
        encoded.append(UInt8(ascii: "%"))
        encoded.append(digit(byte >> 4))
        encoded.append(digit(byte & 15))
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// The query of `items`, encoded and in the order of the encoded names and values.
  ///
  /// It is what is sent and what is signed: the two cannot differ.
  static func query(_ items: [(name: String, value: String)]) -> String {
    if items.isEmpty { return "" }
    return items.map { (encode($0.name), encode($0.value)) }
      .sorted {
        isSameText($0.0, $1.0) ? isBefore($0.1, $1.1) : isBefore($0.0, $1.0)
      }
      .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }

  private static func isPlain(_ byte: UInt8, _ keepingSlash: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    case UInt8(ascii: "/"): keepingSlash
    default: false
    }
  }

  private static func digit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
  }
}
