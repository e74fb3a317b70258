// Whether a volume's file still lies where it was opened. A file that is open goes on working after its file system was
// taken away or its directory removed, but the next start would not find it.

import CLinux
import Glibc

/// The place of one volume's file.
struct VolumePresence: Sendable {
  /// The file's path.
  let path: String
  private let device: UInt64
  private let inode: UInt64

  /// The place of the file at `path` as it is now; nil when it cannot be asked.
  init?(_ path: String) {
    guard let (device, inode) = Self.identity(of: path) else { return nil }
    (self.path, self.device, self.inode) = (path, device, inode)
  }

  /// True while the same file is at the same path; blocks.
  var isThere: Bool {
    guard let (device, inode) = Self.identity(of: path) else { return false }
    return device == self.device && inode == self.inode
  }

  private static func identity(of path: String) -> (UInt64, UInt64)? {
    var status = stat()
    // SAFETY: both pointers live for the call.
    guard unsafe stat(path, &status) == 0 else { return nil }
    return (UInt64(status.st_dev), UInt64(status.st_ino))
  }
}
