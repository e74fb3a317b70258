// Versions of objects: the entity tag is the word, the length the number.
//
// A version id is no part of it: listings do not tell it, and a version that a listing names must be the one that a status
// names. The tag alone identifies the bytes; S3 makes it of their digest, or afresh with each upload.

import HTTPWire
import Model

/// From entity tags to versions and back.
enum S3Version {
  /// The version of an object; nil when the store gave no usable tag.
  static func version(entityTag: String, length: Int64) -> FileVersion? {
    let text = normalised(entityTag)
    guard isTag(text), length >= 0 else { return nil }
    return FileVersion(token: text, length: length)
  }

  /// The tag in quotes, as If-Match wants it: some stores leave the quotes out of listings.
  static func normalised(_ entityTag: String) -> String {
    if entityTag.isEmpty || entityTag.utf8.last == UInt8(ascii: "\"") { return entityTag }
    return "\"\(entityTag)\""
  }

  /// Whether If-Match can name it: a weak tag never matches.
  static func isStrong(_ token: String) -> Bool { token.utf8.first == UInt8(ascii: "\"") }

  /// Whether `text` is a tag that may be put into a header line.
  private static func isTag(_ text: String) -> Bool {
    let opaque = hasBytePrefix(text, "W/") ? text.utf8.dropFirst(2) : text.utf8[...]
    guard opaque.count > 2, opaque.first == UInt8(ascii: "\""), opaque.last == UInt8(ascii: "\""),
      opaque.count <= 512
    else { return false }
    return opaque.dropFirst().dropLast().allSatisfy {
      $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"")
    }
  }
}
