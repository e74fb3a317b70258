// The directory for a daemon's state, held by one daemon at a time.

import CLinux
import Glibc
import Ring

/// A locked work directory; the lock ends with the process, however it ends.
package struct WorkDirectory: ~Copyable {
  /// Absolute or as configured.
  package let path: String
  private let lock: Int32

  /// Makes the directory if it is missing (its parents too) and locks it.
  ///
  /// - Throws: `.directory` when it cannot be made, written or is in use, naming the path and, if known, who uses it.
  package init(_ path: String) throws(StartError) {
    try Self.make(path)
    let file = "\(path)/penstockd.lock"
    let fd = unsafe Glibc.open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard fd >= 0 else {
      throw StartError(
        .directory,
        "work directory \(path) cannot be written: \(errnoText(errno)); correct its owner or set alluxio.work.dir"
      )
    }
    guard flock(fd, LOCK_EX | LOCK_NB) == 0 else {
      var buffer = [UInt8](repeating: 0, count: 32)
      let count = unsafe Glibc.read(fd, &buffer, buffer.count)
      let owner = String(decoding: buffer.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self)
      Glibc.close(fd)
      throw StartError(
        .directory,
        "work directory \(path) is in use by another penstockd (pid \(owner.isEmpty ? "unknown" : owner)); stop it or set alluxio.work.dir"
      )
    }
    let text = Array("\(getpid())\n".utf8)
    // The number is a help for people; the lock itself is what counts.
    _ = ftruncate(fd, 0)
    _ = unsafe pwrite(fd, text, text.count, 0)
    self.path = path
    lock = fd
  }

  deinit { Glibc.close(lock) }

  /// Makes `path`, which `key` names, and its parents where they are missing.
  ///
  /// - Throws: `.directory`, naming the first part that cannot be made.
  static func make(_ path: String, key: String = "alluxio.work.dir") throws(StartError) {
    var partial = path.hasPrefix("/") ? "/" : ""
    for component in path.split(separator: "/") {
      partial += partial.isEmpty || partial.hasSuffix("/") ? String(component) : "/\(component)"
      if unsafe mkdir(partial, 0o755) == 0 { continue }
      let number = errno
      if number == EEXIST { continue }
      // A parent that exists but may not be written is no obstacle by itself.
      if number == EACCES || number == EROFS, unsafe access(partial, F_OK) == 0 { continue }
      let remedy =
        number == EACCES || number == EPERM
        ? "make it and give it to user \(geteuid()), or give that user the right to write to the directory above \(partial)"
        : "correct it"
      throw StartError(
        .directory,
        "directory \(path) cannot be made: \(partial): \(errnoText(number)); \(remedy), or set \(key)"
      )
    }
  }
}
