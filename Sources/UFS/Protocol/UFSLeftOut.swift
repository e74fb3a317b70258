// What a listing does not give, by name: whoever counts it can say what it was.

/// Something that a listing leaves out.
package struct UFSLeftOut: Sendable, Equatable {
  /// Its full UFS path; bytes of its name that are no text as `\xNN`.
  package var path: String
  /// Why, in a few words.
  package var reason: String

  /// Something of its parts.
  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// A name as text: what is not UTF-8, byte for byte, as `\xNN`.
  package static func text(_ name: some Sequence<UInt8>) -> String {
    let bytes = Array(name)
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return bytes.map { byte in
      (0x20..<0x7F).contains(byte)
        ? String(UnicodeScalar(byte))
        : "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }
}
