// What the catalog knows of a cached file.
//
//   value:  0 version (1) · 1…8 cachedAt, ms · 9…16 length · 17…18 token's bytes · token · UFS path      little-endian

package import Model

/// A cached file: its names, its version, and since when it is cached.
package struct CatalogEntry: Sendable, Equatable {
  /// Key of its pages.
  package var key: FileKey
  /// Its Alluxio path.
  package var path: String
  /// Its UFS path.
  package var ufsPath: String
  /// The UFS's words for the version.
  package var token: String
  /// Bytes of the file.
  package var length: Int64
  /// When its first page came, milliseconds since the epoch.
  package var cachedAt: Int64

  /// An entry of its parts.
  package init(
    key: FileKey, path: String, ufsPath: String, token: String, length: Int64, cachedAt: Int64
  ) {
    self.key = key
    self.path = path
    self.ufsPath = ufsPath
    self.token = token
    self.length = length
    self.cachedAt = cachedAt
  }

  private static let headSize = 19

  /// The bytes of everything but key and path, which name the entry.
  var encoded: [UInt8] {
    let token = Array(token.utf8.prefix(Int(UInt16.max)))
    var bytes: [UInt8] = [1]
    bytes.append(littleEndian: UInt64(bitPattern: cachedAt), count: 8)
    bytes.append(littleEndian: UInt64(bitPattern: length), count: 8)
    bytes.append(littleEndian: UInt64(token.count), count: 2)
    return bytes + token + Array(ufsPath.utf8)
  }

  /// The entry that `bytes` encode under its names; nil when they do not.
  init?(key: FileKey, path: String, decoding bytes: [UInt8]) {
    guard bytes.count >= Self.headSize, bytes[0] == 1 else { return nil }
    let tokenEnd = Self.headSize + Int(bytes.littleEndian(at: 17, count: 2))
    guard tokenEnd <= bytes.count,
      let token = String(validating: bytes[Self.headSize..<tokenEnd], as: UTF8.self),
      let ufsPath = String(validating: bytes[tokenEnd...], as: UTF8.self)
    else { return nil }
    self.init(
      key: key, path: path, ufsPath: ufsPath, token: token,
      length: Int64(bitPattern: bytes.littleEndian(at: 9, count: 8)),
      cachedAt: Int64(bitPattern: bytes.littleEndian(at: 1, count: 8)))
  }
}

extension [UInt8] {
  /// Appends the `count` lowest bytes of `value`, the lowest first.
  mutating func append(littleEndian value: UInt64, count: Int) {
    for shift in 0..<count { append(UInt8(truncatingIfNeeded: value >> UInt64(8 * shift))) }
  }

  /// The number in `count` bytes from `offset`, the lowest first.
  func littleEndian(at offset: Int, count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(self[offset + $1]) << UInt64(8 * $1) }
  }
}
