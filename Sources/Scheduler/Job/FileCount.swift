// Files and bytes, counted together.

/// Files and bytes counted together.
package struct FileCount: Equatable, Sendable {
  /// Number of files.
  package var files: Int64
  /// Number of bytes.
  package var bytes: Int64

  /// A count of its parts.
  package init(files: Int64 = 0, bytes: Int64 = 0) {
    self.files = files
    self.bytes = bytes
  }

  /// The sum of both.
  package static func + (left: FileCount, right: FileCount) -> FileCount {
    FileCount(files: left.files &+ right.files, bytes: left.bytes &+ right.bytes)
  }

  /// What is left of the first without the second.
  package static func - (left: FileCount, right: FileCount) -> FileCount {
    FileCount(files: left.files &- right.files, bytes: left.bytes &- right.bytes)
  }

  /// Adds the second to the first.
  package static func += (left: inout FileCount, right: FileCount) { left = left + right }

  /// Takes the second from the first.
  package static func -= (left: inout FileCount, right: FileCount) { left = left - right }
}
