// The blocking system calls of the local UFS behind safe signatures: paths are bytes, results are ≥ 0 or -errno.
// Everything here runs on a thread of the blocking pool, at start-up, or is known not to wait.

import CLinux
import Glibc

/// A file name or path as the kernel has it: bytes without NUL, not necessarily UTF-8.
typealias PathBytes = [UInt8]

/// Blocking system calls.
enum SystemCall {
  /// openat2(2) with O_CLOEXEC.
  static func open(
    at directory: Int32, _ path: PathBytes, flags: Int32, mode: UInt32 = 0, resolve: UInt64
  ) -> Int32 {
    unsafe withCString(path) { path in
      unsafe pen_openat2(
        directory, path, UInt64(UInt32(bitPattern: flags | O_CLOEXEC)), UInt64(mode), resolve)
    }
  }

  /// The status of an open descriptor, or -errno as the failure.
  static func status(of fd: Int32) -> Result<LocalStatus, Errno> {
    status(at: fd, [], flags: pen_at_empty_path())
  }

  /// As `status(of:)`, as far as this machine knows: never waits for a server.
  static func knownStatus(of fd: Int32) -> Result<LocalStatus, Errno> {
    status(at: fd, [], flags: pen_at_known_status())
  }

  /// As `status(of:)`, from the server where there is one; may wait for it.
  static func freshStatus(of fd: Int32) -> Result<LocalStatus, Errno> {
    status(at: fd, [], flags: pen_at_fresh_status())
  }

  /// The status of `name` in `directory`, of a link itself.
  static func status(at directory: Int32, _ name: PathBytes) -> Result<LocalStatus, Errno> {
    status(at: directory, name, flags: AT_SYMLINK_NOFOLLOW)
  }

  private static func status(
    at directory: Int32, _ name: PathBytes, flags: Int32
  ) -> Result<LocalStatus, Errno> {
    var raw = statx()
    let rc = unsafe withCString(name) { name in unsafe pen_statx(directory, name, flags, &raw) }
    return rc < 0 ? .failure(Errno(-rc)) : .success(LocalStatus(raw))
  }

  /// What the symbolic link `fd` (opened with O_PATH | O_NOFOLLOW) points to; -EINVAL or -ENOENT for anything else.
  static func readLink(_ fd: Int32) -> Result<PathBytes, Errno> {
    readLink(at: fd, [])
  }

  /// What the symbolic link `path` points to.
  static func readLink(at directory: Int32, _ path: PathBytes) -> Result<PathBytes, Errno> {
    var rc = 0
    let bytes = unsafe PathBytes(unsafeUninitializedCapacity: 4096) { buffer, count in
      rc = unsafe withCString(path) { path in
        unsafe buffer.withMemoryRebound(to: CChar.self) { buffer in
          guard let base = buffer.baseAddress else { return -1 }
          return unsafe readlinkat(directory, path, base, buffer.count)
        }
      }
      count = max(0, rc)
    }
    return rc < 0 ? .failure(Errno(errno)) : .success(bytes)
  }

  /// mkdirat(2).
  static func makeDirectory(at directory: Int32, _ name: PathBytes) -> Int32 {
    result(unsafe withCString(name) { unsafe mkdirat(directory, $0, 0o777) })
  }

  /// unlinkat(2) of a file or link, or of an empty directory.
  static func remove(at directory: Int32, _ name: PathBytes, isDirectory: Bool) -> Int32 {
    result(
      unsafe withCString(name) { unsafe unlinkat(directory, $0, isDirectory ? AT_REMOVEDIR : 0) })
  }

  /// linkat(2) of a file or of a link itself: fails with -EEXIST when the new name is taken.
  static func link(
    at directory: Int32, _ name: PathBytes, to target: Int32, _ targetName: PathBytes
  ) -> Int32 {
    result(
      unsafe withCString(name) { name in
        unsafe withCString(targetName) { unsafe linkat(directory, name, target, $0, 0) }
      })
  }

  /// renameat2(2).
  static func rename(
    at directory: Int32, _ name: PathBytes, to target: Int32, _ targetName: PathBytes,
    replacing: Bool
  ) -> Int32 {
    unsafe withCString(name) { name in
      unsafe withCString(targetName) {
        unsafe pen_renameat(directory, name, target, $0, !replacing)
      }
    }
  }

  /// Gives an unnamed file a name.
  static func link(descriptor fd: Int32, to directory: Int32, _ name: PathBytes) -> Int32 {
    unsafe withCString(name) { unsafe pen_link_descriptor(fd, directory, $0) }
  }

  /// Sets the times of `name`, of a link itself, to now.
  static func touch(at directory: Int32, _ name: PathBytes) -> Int32 {
    result(
      unsafe withCString(name) { unsafe utimensat(directory, $0, nil, AT_SYMLINK_NOFOLLOW) })
  }

  /// fsync(2).
  static func sync(_ fd: Int32) -> Int32 { result(fsync(fd)) }

  /// Random bytes as lower-case hexadecimal.
  static func randomName() -> PathBytes {
    var words: (UInt64, UInt64) = (0, 0)
    // Without the kernel's generator the clock still tells two names apart; O_EXCL catches the rest.
    if unsafe pen_random(&words, 16) < 0 { words.0 = UInt64(bitPattern: wallClock()) }
    return Array((String(words.0, radix: 16) + String(words.1, radix: 16)).utf8)
  }

  /// Nanoseconds since the epoch; what the kernel stamps files with is at most this.
  static func wallClock() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  private static func result(_ rc: Int32) -> Int32 { rc < 0 ? -errno : rc }

  /// Runs `body` with `bytes` and a NUL after them.
  static func withCString<R>(_ bytes: PathBytes, _ body: (UnsafePointer<CChar>) -> R) -> R {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { buffer in
      for (index, byte) in bytes.enumerated() {
        unsafe buffer.initializeElement(at: index, to: CChar(bitPattern: byte))
      }
      unsafe buffer.initializeElement(at: bytes.count, to: 0)
      // SAFETY: the buffer has at least one element, hence an address, and lives for the call.
      return unsafe body(UnsafePointer(buffer.baseAddress.unsafelyUnwrapped))
    }
  }
}

/// The errno of a failed call.
struct Errno: Error, Hashable {
  /// The positive number.
  let number: Int32

  /// An errno of its positive number.
  init(_ number: Int32) { self.number = number }
}
