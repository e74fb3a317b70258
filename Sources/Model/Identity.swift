// What a page belongs to: a file, a version of that file, and a place in it.
//
//   FileID       SHA-256 of the full UFS path                     (compat §3)
//   FileVersion  what the UFS says of the content: an etag, or mtime + length + inode
//   FileKey      FileID and FileVersion folded to 128 bits: pages of two versions never share a key
//   PageKey      FileKey + 0-based page index

/// Identity of a file: the SHA-256 of its full UFS path.
package struct FileID: Hashable, Sendable {
  /// The digest of the path.
  package let digest: Digest256

  /// The identity of the file at `ufsPath`, which is taken as it is: nothing is normalised.
  package init(ufsPath: String) { digest = Digest256(of: ufsPath) }
}

/// The version of a file's content as its UFS states it; equal versions mean equal bytes.
package struct FileVersion: Hashable, Sendable {
  /// The UFS's own words: an etag, or `mtime-length-inode`.
  ///
  /// Never empty.
  package let token: String
  /// Length of the file in bytes.
  package let length: Int64

  /// A version with the UFS's `token` and the file's `length` in bytes.
  package init(token: String, length: Int64) {
    precondition(!token.isEmpty, "a version has a token")
    precondition(length >= 0, "a length is not negative")
    self.token = token
    self.length = length
  }

  /// The HTTP entity tag of this version, quotes included; without a dash (an S3 client reads `-N` as a part count).
  package var entityTag: String {
    "\"\(String(Digest256(of: "\(token):\(length)").hex.prefix(32)))\""
  }
}

extension FileKey {
  /// The key of `file` at `version`: the first half of SHA-256(file id ‖ token ‖ length).
  package init(file: FileID, version: FileVersion) {
    let digest = Digest256(of: "\(file.digest.hex):\(version.token):\(version.length)")
    self.init(high: digest.words.0, low: digest.words.1)
  }
}

/// One page of one version of one file.
package struct PageKey: Hashable, Sendable {
  /// The file and its version.
  package let file: FileKey
  /// 0-based index of the page in the file.
  package let index: UInt32

  /// The page of `file` at `index`.
  package init(file: FileKey, index: UInt32) {
    self.file = file
    self.index = index
  }
}
