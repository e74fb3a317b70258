// Percent and form decoding of what clients send, percent encoding of what we send. Pure; bytes in, bytes out.
//
// Decoding is lenient where clients are: a `%` that is not followed by two hexadecimal digits stays a `%`
// (a name such as `100% sure` arrives as `100%%20sure`), and nothing ever fails here. Whether the bytes are
// text is asked once, by `utf8Text`, because a repaired name would be another name.

import Model

/// Percent and form coding of URL text.
package enum PathCoding {
  /// `bytes` with every valid `%XX` replaced by its byte; `+` is a plus.
  package static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    decode(bytes, plusIsSpace: false)
  }

  /// `bytes` decoded as a form field: like ``decode(_:)``, and `+` is a space.
  package static func decodeForm(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    decode(bytes, plusIsSpace: true)
  }

  /// Whether `bytes` holds at least one valid `%XX`.
  package static func hasEscape(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.indices.contains { bytes[$0] == UInt8(ascii: "%") && escape(at: $0, in: bytes) != nil }
  }

  /// `path` percent-encoded segment by segment: unreserved characters of RFC 3986 and `/` stay.
  package static func encodePath(_ path: String) -> String {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(path.utf8.count + 16)
    for byte in path.utf8 {
      if isUnreserved(byte) || byte == UInt8(ascii: "/") {
        encoded.append(byte)
      } else {
        encoded.append(UInt8(ascii: "%"))
        encoded.append(hexadecimalDigits[Int(byte >> 4)])
        encoded.append(hexadecimalDigits[Int(byte & 15)])
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// `bytes` as text, or nil when they are not UTF-8 or hold a NUL, which no path may.
  package static func utf8Text(_ bytes: some Collection<UInt8>) -> String? {
    guard !bytes.contains(0) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// The byte that the escape at `index` of `bytes` stands for, or nil when there is no valid escape.
  package static func escape(at index: Int, in bytes: ArraySlice<UInt8>) -> UInt8? {
    guard index < bytes.endIndex, bytes[index] == UInt8(ascii: "%"), bytes.endIndex - index > 2,
      let high = hexadecimalValue(of: bytes[index + 1]),
      let low = hexadecimalValue(of: bytes[index + 2])
    else { return nil }
    return high << 4 | low
  }

  private static let hexadecimalDigits: [UInt8] = Array("0123456789ABCDEF".utf8)

  private static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) -> [UInt8] {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if let byte = escape(at: index, in: bytes) {
        decoded.append(byte)
        index += 3
      } else {
        let isSpace = plusIsSpace && bytes[index] == UInt8(ascii: "+")
        decoded.append(isSpace ? UInt8(ascii: " ") : bytes[index])
        index += 1
      }
    }
    return decoded
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
