// Small bodies that are sent.

/// A text in memory that does not move.
// SAFETY: the memory is written once, at the start, and freed with the last reference.
@safe final class S3Text: @unchecked Sendable {
  private let memory: UnsafeMutableRawBufferPointer

  /// The UTF-8 bytes of `text`.
  init(_ text: String) {
    let bytes = Array(text.utf8)
    unsafe memory = .allocate(byteCount: bytes.count, alignment: 1)
    unsafe memory.copyBytes(from: bytes)
  }

  deinit { unsafe memory.deallocate() }

  /// The bytes, valid while this lives.
  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(memory) }

  /// `text` as the content of an XML element.
  static func escaped(_ text: String) -> String {
    var escaped: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): escaped.append(contentsOf: "&amp;".utf8)
      case UInt8(ascii: "<"): escaped.append(contentsOf: "&lt;".utf8)
      case UInt8(ascii: ">"): escaped.append(contentsOf: "&gt;".utf8)
      case UInt8(ascii: "\""): escaped.append(contentsOf: "&quot;".utf8)
      default: escaped.append(byte)
      }
    }
    return String(decoding: escaped, as: UTF8.self)
  }
}
