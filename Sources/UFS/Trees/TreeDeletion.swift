// A tree deleted by descriptors, never by paths: nothing swapped in meanwhile can lead the deletion elsewhere.

import CLinux
import Glibc

/// A deletion of a name and, if it is a directory, all below it, in bounded steps. Blocking.
// SAFETY: `delete` makes one call at a time, each awaited before the next.
final class TreeDeletion: @unchecked Sendable {
  private struct Level {
    let directory: Int32
    let name: PathBytes
  }

  /// Entries removed before the thread is given to others.
  private static let stepCountMax = 4096

  private let parent: Int32
  private let name: PathBytes
  private var levels: [Level] = []

  /// A deletion of `name` in the open directory `parent`, which it takes over.
  init(_ parent: Int32, _ name: PathBytes) {
    self.parent = parent
    self.name = name
  }

  deinit {
    for level in levels { Glibc.close(level.directory) }
    Glibc.close(parent)
  }

  /// Goes on; 0 when all is gone and synced, 1 when there is more to do, or -errno.
  func step(recursive: Bool) -> Int32 {
    if levels.isEmpty {
      let rc = removeTop(recursive: recursive)
      if rc <= 0 { return rc }
    }
    var left = Self.stepCountMax
    while let level = levels.last, left > 0 {
      let rc = removeEntries(level, &left)
      if rc < 0 { return rc }
      // The level is done unless a deeper one was opened or the step ended.
      if rc == 0 {
        levels.removeLast()
        Glibc.close(level.directory)
        let above = levels.last?.directory ?? parent
        let rc = SystemCall.remove(at: above, level.name, isDirectory: true)
        // ENOTEMPTY: somebody adds files meanwhile; the caller is told rather than raced.
        if rc < 0, rc != -ENOENT { return rc }
      }
    }
    return levels.isEmpty ? SystemCall.sync(parent) : 1
  }

  /// Removes the top itself, or opens it when it is a directory with something in it (1).
  private func removeTop(recursive: Bool) -> Int32 {
    var rc = SystemCall.remove(at: parent, name, isDirectory: false)
    if rc == -EISDIR || rc == -EPERM {
      // Linux says EISDIR for directories, POSIX EPERM; EPERM may also be a refusal, which rmdir then tells.
      let denial = rc
      rc = SystemCall.remove(at: parent, name, isDirectory: true)
      if rc == -ENOTDIR { rc = denial }
    }
    if rc == 0 { return SystemCall.sync(parent) }
    guard rc == -ENOTEMPTY || rc == -EEXIST, recursive else {
      return rc == -EEXIST ? -ENOTEMPTY : rc
    }
    return open(parent, name)
  }

  /// Opens a directory as the next level.
  ///
  /// Returns 1 or -errno.
  private func open(_ above: Int32, _ name: PathBytes) -> Int32 {
    let fd = SystemCall.open(
      at: above, name, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK,
      resolve: LocalResolver.beneath)
    guard fd >= 0 else { return fd }
    levels.append(Level(directory: fd, name: name))
    return 1
  }

  /// Removes what is in a level: 0 when nothing is left, 1 when a deeper level was opened or the step ended, or -errno.
  private func removeEntries(_ level: Level, _ left: inout Int) -> Int32 {
    // From the start each time: removing entries may move the others.
    guard lseek(level.directory, 0, SEEK_SET) >= 0 else { return -errno }
    var buffer = DirectoryBuffer()
    while left > 0 {
      let entry: DirectoryBuffer.Entry
      switch buffer.next(level.directory) {
      case .success(nil): return 0
      case .success(let found?): entry = found
      case .failure(let error): return -error.number
      }
      left -= 1
      var rc = SystemCall.remove(
        at: level.directory, entry.name, isDirectory: entry.type == UInt8(DT_DIR))
      if rc == -ENOTDIR || rc == -EISDIR {
        rc = SystemCall.remove(at: level.directory, entry.name, isDirectory: rc == -EISDIR)
      }
      if rc == -ENOTEMPTY || rc == -EEXIST {
        let opened = open(level.directory, entry.name)
        if opened != -ENOENT { return opened }
      } else if rc < 0, rc != -ENOENT {
        return rc
      }
    }
    return 1
  }
}
