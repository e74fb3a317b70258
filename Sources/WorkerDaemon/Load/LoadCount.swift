// Files and bytes, counted together.

/// Files and bytes counted together.
package struct LoadCount: Equatable, Sendable {
  /// Number of files.
  package var files: Int64 = 0
  /// Number of bytes.
  package var bytes: Int64 = 0

  /// A count of its parts.
  package init(files: Int64 = 0, bytes: Int64 = 0) {
    self.files = files
    self.bytes = bytes
  }
}
