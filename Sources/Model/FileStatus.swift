// What a UFS says of one path.

/// Kind of a path.
package enum FileKind: Sendable, Hashable { case file, directory }

/// Status of a path in its UFS.
package struct FileStatus: Sendable, Hashable {
  /// Full UFS path, such as `file:///data/a.bin`; a directory carries no trailing slash.
  package var ufsPath: String
  /// File or directory.
  package var kind: FileKind
  /// Bytes; 0 for a directory.
  package var length: Int64
  /// Last modification, nanoseconds since the epoch.
  package var modificationTime: Int64
  /// Last access, nanoseconds since the epoch; 0 when unknown.
  package var accessTime: Int64
  /// Creation, nanoseconds since the epoch; 0 when unknown.
  package var creationTime: Int64
  /// Owner name, group name; empty when unknown.
  package var owner: String
  package var group: String
  /// Permission bits (the low 12 of st_mode).
  package var mode: UInt16
  /// Version of the content; nil for a directory.
  package var version: FileVersion?

  /// A status of its parts.
  package init(
    ufsPath: String, kind: FileKind, length: Int64, modificationTime: Int64, accessTime: Int64 = 0,
    creationTime: Int64 = 0, owner: String = "", group: String = "", mode: UInt16 = 0o700,
    version: FileVersion?
  ) {
    self.ufsPath = ufsPath
    self.kind = kind
    self.length = length
    self.modificationTime = modificationTime
    self.accessTime = accessTime
    self.creationTime = creationTime
    self.owner = owner
    self.group = group
    self.mode = mode
    self.version = version
  }

  /// The last component of the path.
  package var name: String {
    // By bytes: a slash and a combining mark that begins a name are one `Character`.
    ufsPath.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? ufsPath
  }
}
