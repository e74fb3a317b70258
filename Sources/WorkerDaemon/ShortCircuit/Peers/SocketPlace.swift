// The socket's file: where it may be, and what of an earlier life is taken out of the way.
//
//   nothing there        it is made, with its directory if that is missing
//   a socket, silent     nobody answers: the remains of a worker that was killed; removed
//   a socket, answering  another process: refused by name
//   anything else        refused: no file of somebody else's is removed
//
// Looking and listening are done behind a lock, so that of two workers that start at once one is told of the other.
//
// In a directory of workers' sockets, each named by a UUID, dead ones of other workers go, too.

import Glibc
import Model
import Ring

/// A path for a domain socket, checked and made ready to be bound.
struct SocketPlace: Sendable, Equatable {
  /// Most bytes of a path that the kernel takes; a zero follows them.
  static let sizeMax = 107

  /// A dead socket of another worker is removed once it is so old: younger ones may be about to listen.
  static let sweepAge = 60

  /// The socket's path.
  let path: String
  /// Dead sockets of other workers that were removed from the directory.
  let removed: [String]

  /// The place that `settings` mean for the worker with `uuid`, made ready; blocks.
  ///
  /// - Throws: `.configuration` or `.directory`, with what to do.
  init(
    _ settings: ShortCircuitSettings, uuid: String, sweepAge: Int = sweepAge
  ) throws(StartError) {
    let key = ShortCircuitSettings.addressKey
    var path = settings.address
    while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
    guard path.utf8.first == UInt8(ascii: "/") else {
      throw StartError(.configuration, "\(key) is no absolute path: \(path)")
    }
    self.path = settings.isDirectory ? "\(path)/\(uuid)" : path
    guard self.path.utf8.count <= Self.sizeMax else {
      let remedy =
        settings.isDirectory
        ? "name a directory of at most \(Self.sizeMax - 1 - uuid.utf8.count) bytes, or set alluxio.worker.data.server.domain.socket.as.uuid to false and \(key) to a short path such as /opt/domain/d"
        : "name a shorter path, such as /opt/domain/d"
      throw StartError(
        .configuration,
        "the domain socket's path \(self.path) has \(self.path.utf8.count) bytes, and Linux takes \(Self.sizeMax): \(remedy)"
      )
    }
    let directory = settings.isDirectory ? path : String(Self.parent(of: path))
    try Self.make(directory, isUUID: settings.isDirectory)
    removed = settings.isDirectory ? Self.sweep(directory, but: uuid, sweepAge) : []
    let lock = try SocketLock(self.path)
    defer { withExtendedLifetime(lock) {} }
    try clear()
  }

  /// Removes what killed workers that never came back left in `directory`; returns their paths.
  ///
  /// Clients of this host would try them.
  private static func sweep(_ directory: String, but uuid: String, _ age: Int) -> [String] {
    let now = time(nil)
    var removed: [String] = []
    for name in directoryEntries(directory) where name != uuid && WorkerIdentity(uuid: name) != nil
    {
      let path = "\(directory)/\(name)"
      var status = stat()
      guard path.utf8.count <= sizeMax, unsafe lstat(path, &status) == 0,
        status.st_mode & S_IFMT == S_IFSOCK, now - status.st_ctim.tv_sec > age,
        answer(at: path) == ECONNREFUSED
      else { continue }
      // One that may not be removed stays: clients pass it over. So does one whose worker starts at this moment.
      if let lock = try? SocketLock(path, within: .zero) {
        if answer(at: path) == ECONNREFUSED, unsafe unlink(path) == 0 { removed.append(path) }
        withExtendedLifetime(lock) {}
      }
    }
    return removed
  }

  private static func parent(of path: String) -> Substring {
    let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
    return end == path.startIndex ? "/" : path[..<end]
  }

  /// Makes `directory` if it is missing, and looks whether a socket can be made in it.
  ///
  /// - Throws: `.directory`, with what to do.
  private static func make(_ directory: String, isUUID: Bool) throws(StartError) {
    let key = ShortCircuitSettings.addressKey
    var status = stat()
    if unsafe stat(directory, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
      throw StartError(
        .directory,
        isUUID
          ? "\(directory) (\(key)) is a file, and \(Configuration.BooleanKey.domainSocketAsUUID.rawValue) takes it for a directory: name a directory, or set that to false"
          : "\(directory) is a file, and the socket of \(key) is to lie in it: name a path in a directory"
      )
    }
    try WorkDirectory.make(directory, key: key)
    guard unsafe access(directory, W_OK | X_OK) == 0 else {
      throw StartError(.directory, unusable(directory, errno))
    }
  }

  /// What to do about a directory in which no socket can be made, as `errno` says.
  static func unusable(_ directory: String, _ errno: Int32) -> String {
    let key = ShortCircuitSettings.addressKey
    let remedy =
      switch errno {
      case EACCES, EPERM:
        "give user \(geteuid()) the right to search \(directory) and write to it (chown, chmod), or set \(key) to another place"
      case EROFS: "it is on a file system that is read-only: set \(key) to another place"
      default: "correct it, or set \(key) to another place"
      }
    return "no socket can be made in \(directory): \(errnoText(errno)); \(remedy)"
  }

  /// Takes a dead socket away.
  private func clear() throws(StartError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
      guard errno == ENOENT else {
        throw refusal(
          "cannot be looked at: \(errnoText(errno)); correct its directory, or name another path")
      }
      return
    }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw refusal(
        status.st_mode & S_IFMT == S_IFDIR
          ? "is a directory: set alluxio.worker.data.server.domain.socket.as.uuid to true, or name a file in it"
          : "is a file of somebody else's: move it, or name another path")
    }
    switch Self.answer(at: path) {
    case 0:
      throw refusal(
        "is the socket of another process that is running: stop it, or name another path")
    case ECONNREFUSED:
      guard unsafe unlink(path) == 0 || errno == ENOENT else {
        throw refusal("is left from an earlier start and cannot be removed: \(errnoText(errno))")
      }
    case ENOENT: break
    case let number:
      throw refusal(
        "is a socket that cannot be asked whether somebody uses it: \(errnoText(number)); correct its permissions, or remove it"
      )
    }
  }

  /// What a connection to `path` comes to: 0, or an errno.
  private static func answer(at path: String) -> Int32 {
    let fd = socket(
      AF_UNIX,
      Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard fd >= 0 else { return errno }
    defer { Glibc.close(fd) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
      for (place, byte) in path.utf8.enumerated() { unsafe field[place] = byte }
    }
    let rc = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe connect(fd, address, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    // A full queue of a listener is an answer, too.
    return rc == 0 || errno == EAGAIN ? 0 : errno
  }

  private func refusal(_ why: String) -> StartError {
    StartError(.directory, "\(path) (\(ShortCircuitSettings.addressKey)) \(why)")
  }

  /// Listens there, with `mode` for the file; blocks while another worker does, for `limit` at most.
  ///
  /// - Throws: `.directory` when another process has the socket by now, or the kernel refuses.
  func listen(
    mode: UInt32, within limit: Duration = SocketLock.timeMax
  ) throws(StartError) -> Listener {
    let lock = try SocketLock(path, within: limit)
    defer { withExtendedLifetime(lock) {} }
    try clear()
    let listener: Listener
    do throws(RingError) {
      listener = try Listener(.unix(path), reusePort: false)
    } catch {
      throw refusal(
        error.errno == EACCES
          ? "cannot be made: correct the owner of its directory, or name another path"
          : "cannot be listened on: \(errnoText(error.errno))")
    }
    guard unsafe chmod(path, mode) == 0 else {
      throw refusal("cannot be given the mode \(String(mode, radix: 8)): \(errnoText(errno))")
    }
    return listener
  }

  /// What tells the socket's file from another one's of the same name.
  var identity: (device: UInt64, inode: UInt64)? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    return (UInt64(status.st_dev), UInt64(status.st_ino))
  }

  /// Removes the file if it is still the one of `identity`.
  func remove(_ identity: (device: UInt64, inode: UInt64)?) {
    guard let identity, let present = self.identity, present == identity else { return }
    // What cannot be removed is found at the next start.
    _ = unsafe unlink(path)
  }
}
