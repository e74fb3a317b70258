// What a worker is told of one file.

/// A file of a task, or a range of one.
package struct TaskFile: Equatable, Sendable {
  /// Full UFS path; for FREE a file or a directory.
  package var path: String
  /// The version that the listing saw in the UFS's words; empty: whatever is there now.
  package var version: String
  /// Length at that version, bytes.
  package var length: Int64
  /// Last modification, nanoseconds since 1970.
  package var modificationTime: Int64
  /// First byte of the range.
  package var offset: Int64
  /// Bytes of the range; the length for a whole file.
  package var size: Int64
  /// COPY and MOVE: the full UFS path that the file is to have; else empty.
  package var target = ""

  /// A whole file.
  package init(path: String, version: String = "", length: Int64 = 0, modificationTime: Int64 = 0) {
    self.path = path
    self.version = version
    self.length = length
    self.modificationTime = modificationTime
    self.offset = 0
    self.size = length
  }

  /// Whether the range is all of the file.
  package var isWhole: Bool { offset == 0 && size == length }
}
