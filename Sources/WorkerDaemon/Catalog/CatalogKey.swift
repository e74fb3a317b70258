// Keys of the catalog's records.
//
//   'f' path NUL file key (16 bytes, big-endian)      by path, so that a directory's files lie together
//   'k' file key                                      by file

import Model

/// Makes and reads keys.
enum CatalogKey {
  private static let pathMark = UInt8(ascii: "f")
  private static let fileMark = UInt8(ascii: "k")

  /// The key of the record by path.
  static func byPath(_ path: String, _ key: FileKey) -> [UInt8] {
    [pathMark] + Array(path.utf8) + [0] + bytes(of: key)
  }

  /// The key of the record by file.
  static func byFile(_ key: FileKey) -> [UInt8] { [fileMark] + bytes(of: key) }

  /// The keys by path that `path` and everything below it lie between.
  ///
  /// Others may lie there, too.
  static func range(of path: RulePath) -> (start: [UInt8], end: [UInt8]) {
    let text = path == .root ? "" : "\(path)"
    // '0' comes after '/'; of the root, everything with the mark.
    let end = text.isEmpty ? [pathMark + 1] : [pathMark] + Array(text.utf8) + [UInt8(ascii: "0")]
    return ([pathMark] + Array(text.utf8), end)
  }

  /// The path and file of a key by path; nil for any other bytes.
  static func parse(_ bytes: [UInt8]) -> (path: String, key: FileKey)? {
    guard bytes.count > 18, bytes[0] == pathMark, bytes[bytes.count - 17] == 0,
      let path = String(validating: bytes[1..<(bytes.count - 17)], as: UTF8.self)
    else { return nil }
    let words = bytes.suffix(16)
    let high = words.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let low = words.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return (path, FileKey(high: high, low: low))
  }

  private static func bytes(of key: FileKey) -> [UInt8] {
    [key.high, key.low].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
    }
  }
}
