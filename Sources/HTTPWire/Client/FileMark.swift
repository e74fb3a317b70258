// Whether a file is still the one that was read.

import Glibc

/// What tells one state of a file from another without reading it.
struct FileMark: Sendable, Equatable {
  private let device: UInt
  private let inode: UInt
  private let size: Int
  private let seconds: Int
  private let nanoseconds: Int

  /// The mark of the file at `path`, links followed; nil when there is none.
  ///
  /// One system call, which may block.
  init?(path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
    size = Int(status.st_size)
    // The change of the inode, which no tool sets back as it may the modification time.
    seconds = Int(status.st_ctim.tv_sec)
    nanoseconds = Int(status.st_ctim.tv_nsec)
  }
}
