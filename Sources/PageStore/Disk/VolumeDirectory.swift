// The directory of a volume: `penstock` below the one that is configured. Its lock keeps a second daemon out.
//
//   <configured>/penstock/pages              superblocks and pages
//                         pages.new          a volume being made
//                         log/               RocksDB: which page lies where
//                         log.damaged-N/     a log that could not be used
//
// Everything else is left alone.

internal import CLinux
import Glibc
import Ring
import Synchronization

/// An open, locked directory, given up when it is closed or dropped; blocking calls.
final class VolumeDirectory: Sendable {
  /// Its path, for messages and for RocksDB.
  let path: String
  private let descriptor: Int32
  private let isClosed = Atomic<Bool>(false)

  /// Opens `penstock` in `parent`, makes it when it is not there, and locks it.
  ///
  /// - Throws: `volumeUnavailable`; `volumeInUse` when another process has it.
  init(in parent: String) throws(PageStoreError) {
    path = parent.hasSuffix("/") ? "\(parent)penstock" : "\(parent)/penstock"
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
    let above = unsafe Glibc.open(parent, flags)
    guard above >= 0 else { throw VolumeDirectory.failure(parent, errno) }
    defer { Glibc.close(above) }
    if unsafe mkdirat(above, "penstock", 0o700) != 0, errno != EEXIST {
      throw VolumeDirectory.failure(path, errno)
    }
    let descriptor = unsafe openat(above, "penstock", flags | O_NOFOLLOW)
    guard descriptor >= 0 else { throw VolumeDirectory.failure(path, errno) }
    let code = VolumeDirectory.lock(descriptor)
    guard code == 0 else {
      Glibc.close(descriptor)
      guard code == EWOULDBLOCK else { throw VolumeDirectory.failure(path, code) }
      throw PageStoreError(
        .volumeInUse, operation: "pageStore.volume",
        subject: "\(path): another process has it: stop it, or give each daemon its own directory")
    }
    self.descriptor = descriptor
  }

  /// Takes the lock of a volume's directory; 0 or an errno.
  ///
  /// The kernel gives it back when the last process that inherited it is gone: after a kill, or between a fork and its
  /// exec, that takes moments, which are waited for.
  private static func lock(_ descriptor: Int32) -> Int32 {
    for _ in 0..<50 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return 0 }
      guard errno == EWOULDBLOCK else { return errno }
      usleep(20_000)
    }
    return EWOULDBLOCK
  }

  deinit { close() }

  /// Lets another process have the directory; nothing but `path` is used afterwards.
  func close() {
    if !isClosed.exchange(true, ordering: .relaxed) { Glibc.close(descriptor) }
  }

  /// Opens `name`, directly when the file system can; -errno when it cannot be opened.
  func open(_ name: String, flags: Int32) -> (descriptor: Int32, isDirect: Bool) {
    let flags = flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW
    let direct = unsafe openat(descriptor, name, flags | pen_o_direct(), 0o600)
    if direct >= 0 { return (direct, true) }
    guard errno == EINVAL else { return (-errno, false) }
    let plain = unsafe openat(descriptor, name, flags, 0o600)
    return (plain >= 0 ? plain : -errno, false)
  }

  /// Gives `source` the name `target`, and makes that durable.
  func rename(_ source: String, to target: String) throws(PageStoreError) {
    let rc = unsafe pen_renameat(descriptor, source, descriptor, target, false)
    guard rc == 0 else { throw VolumeDirectory.failure("\(path)/\(target)", -rc) }
    guard fsync(descriptor) == 0 else { throw VolumeDirectory.failure(path, errno) }
  }

  /// Removes `name`, if it is there.
  func remove(_ name: String) { unsafe unlinkat(descriptor, name, 0) }

  /// Names in the directory that are not a volume's, sorted.
  func foreignNames() throws(PageStoreError) -> [String] {
    let listing = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    return try VolumeDirectory.names(listing, path).filter { !VolumeDirectory.isOwn($0) }
  }

  /// The names in the directory at `path`, sorted, the two dots among them.
  static func names(in path: String) throws(PageStoreError) -> [String] {
    try names(unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path)
  }

  /// The names in the directory that is open as `listing`, which is closed.
  private static func names(_ listing: Int32, _ path: String) throws(PageStoreError) -> [String] {
    guard listing >= 0 else { throw VolumeDirectory.failure(path, errno) }
    defer { Glibc.close(listing) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
    defer { unsafe buffer.deallocate() }
    var names: [String] = []
    while true {
      let count = unsafe pen_getdents(listing, buffer.baseAddress, buffer.count)
      guard count >= 0 else { throw VolumeDirectory.failure(path, Int32(-count)) }
      guard count > 0 else { return names.sorted() }
      var offset = 0
      while offset < count {
        let entry = unsafe pen_dirent_at(buffer.baseAddress, offset)
        if let name = unsafe entry.name.map({ unsafe String(cString: $0) }) { names.append(name) }
        offset += unsafe Int(entry.record_length)
      }
    }
  }

  private static func isOwn(_ name: String) -> Bool {
    [".", "..", "pages", "pages.new", "log"].contains(name) || name.hasPrefix("log.damaged-")
  }

  /// The error for `errno` at `path`, with what an operator can do.
  static func failure(_ path: String, _ errno: Int32, bytes: Int64? = nil) -> PageStoreError {
    let remedy =
      switch errno {
      case ENOENT: "no such directory: create it, or take it out of the configuration"
      case ENOTDIR, ELOOP: "not a directory: move it away, or name another one"
      case EISDIR: "a directory lies where a file of the volume should: move it away"
      case EACCES, EPERM: "not permitted: give the daemon's user the right to write there"
      case EROFS: "read-only file system: mount it for writing, or name another directory"
      case ENOSPC, EDQUOT, EFBIG:
        bytes.map { "no room for \($0) bytes: free some, or lower the volume's quota" }
          ?? "no room: free some, or lower the volume's quota"
      case EIO, ENODEV, ENXIO, EUCLEAN:
        "its disk fails: look at the kernel's log, then repair it or take it out of the configuration"
      default: "cannot be used: look at the directory, its file system and the kernel's log"
      }
    return PageStoreError(
      .volumeUnavailable, operation: "pageStore.volume", subject: "\(path): \(remedy)",
      cause: RingError(operation: "volume", result: -errno))
  }
}
