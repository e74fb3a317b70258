// A directory of this machine, or one mounted by its kernel, as a UFS.
//
// Confined: the root is opened once and every access is relative to that descriptor (LocalResolver). What the ring can do
// runs on the ring (open, statx, read, write, fsync, close); what it cannot (getdents, rename, unlink, link) or what needs
// several steps runs on the blocking pool.
//
// Only regular files and directories are served. A FIFO, socket or device is refused after an open that cannot block
// (O_NONBLOCK), whose flag is then cleared: io_uring answers -EAGAIN on a file so marked instead of waiting for the disk.

package import Model
package import Ring

import CLinux
import Glibc
import Synchronization

/// A confined directory of the local file system.
package final class LocalUFS: UnderFileSystem {
  package let rootURI: String
  let options: Options
  let seams: Seams
  let pool: BlockingPool
  let resolver: LocalResolver
  let names = OwnerNames()
  /// One cache per ring; rings beyond the number share.
  let caches: [DescriptorCache]

  /// Whether the file system of a device answers without a server; bounded by the mounts of the machine.
  let devices = Mutex<[UInt64: Bool]>([:])

  /// Whether the root's file system answers from this machine.
  let isLocal: Bool

  private static let cacheCount = 64

  /// Where tests reach in; nothing happens there otherwise.
  package struct Seams: Sendable {
    /// Between a read and the check that follows it; given the path.
    package var beforeVerify: (@Sendable (String) async -> Void)?

    /// Pretends that the file system has no O_TMPFILE.
    package var lacksUnnamedFiles = false

    /// Pretends that the file system is a server's.
    package var pretendsRemote = false

    /// No seams.
    package init() {}
  }

  /// Opens the directory `root`, an absolute path whose own links are followed.
  ///
  /// Blocks; `mount` is named by errors.
  ///
  /// - Throws: `.missingDirectory`, `.notDirectory`, `.unreadable`, `.badURI`.
  package init(
    root: String, mount: String, options: Options = Options(), pool: BlockingPool,
    seams: Seams = Seams()
  ) throws(MountError) {
    let path = withoutTrailingSlashes(String(Substring(root.utf8.dropFirst())))
    guard hasBytePrefix(root, "/") else { throw MountError(.badURI(root, .relative), mount: mount) }
    if let rule = LocalPath.brokenRule(path) { throw MountError(.badURI(root, rule), mount: mount) }
    rootURI = "file:///\(path)"
    let bytes = PathBytes("/\(path)".utf8)
    let fd = SystemCall.open(at: AT_FDCWD, bytes, flags: pen_o_path() | O_DIRECTORY, resolve: 0)
    switch -fd {
    case ENOENT: throw MountError(.missingDirectory("/\(path)"), mount: mount)
    case ENOTDIR: throw MountError(.notDirectory("/\(path)"), mount: mount)
    case 1...: throw MountError(.unreadable("/\(path)", errno: -fd), mount: mount)
    default: break
    }
    var rootNames = [PathBytes.components(bytes)]
    let own = PathBytes("/proc/self/fd/\(fd)".utf8)
    if case .success(let real) = SystemCall.readLink(at: AT_FDCWD, own) {
      rootNames.append(PathBytes.components(real))
    }
    isLocal = pen_is_local_filesystem(fd) && !seams.pretendsRemote
    resolver = LocalResolver(root: fd, rootNames: rootNames)
    self.options = options
    self.seams = seams
    self.pool = pool
    caches = (0..<Self.cacheCount).map { _ in DescriptorCache(capacity: options.descriptorCount) }
  }

  deinit { Glibc.close(resolver.root) }

  package var capabilities: UFSCapabilities {
    options.isReadOnly
      ? [.directories, .readsAhead, .versionsNameFiles]
      : [
        .write, .randomWrite, .rename, .serverCopy, .directories, .readsAhead, .versionsNameFiles,
        .keepsTimes,
      ]
  }

  package func validate(_ path: String) throws(UFSError) { try check(path, "ufs.path") }

  package func settleTime(of version: FileVersion) -> Int64 {
    let time = LocalVersion.settleTime(of: version)
    guard !isLocal, time != .min else { return time }
    let (later, overflow) = time.addingReportingOverflow(LocalVersion.clockSkewMax)
    return overflow ? .max : later
  }

  // MARK: Shared by the operations

  /// The ring that is running the caller.
  var reactor: Reactor {
    guard let reactor = Reactor.current else {
      preconditionFailure("a UFS is used on a reactor's thread")
    }
    return reactor
  }

  /// The descriptor cache of a ring.
  func cache(of reactor: Reactor) -> DescriptorCache { caches[reactor.index % caches.count] }

  /// Forgets open files of a path that is about to mean something else.
  func dropDescriptors(_ path: String) {
    for cache in caches { cache.drop(path) }
  }

  /// Throws unless `path` keeps the rules.
  func check(_ path: String, _ operation: StaticString) throws(UFSError) {
    guard let rule = LocalPath.brokenRule(path) else { return }
    throw UFSError(
      rule == .dotDot ? .escapesMount : .invalid, operation: operation, path: ufsPath(of: path),
      rule: rule)
  }

  /// As `check`, for operations that change what is at `path`.
  func checkChange(_ path: String, _ operation: StaticString) throws(UFSError) {
    try check(path, operation)
    if options.isReadOnly { throw rule(.denied, operation, path, .readOnlyMount) }
  }

  /// The error for the -errno of a system call.
  func error(_ result: Int32, _ operation: StaticString, _ path: String) -> UFSError {
    if result == -EXDEV { return rule(.escapesMount, operation, path, .linkLeavesMount) }
    return UFSError(errno: -result, operation: operation, path: ufsPath(of: path))
  }

  /// As `error`, where a component that is no directory means that nothing is at `path`.
  func lookupError(_ result: Int32, _ operation: StaticString, _ path: String) -> UFSError {
    guard result == -ENOTDIR else { return error(result, operation, path) }
    return UFSError(
      .notFound, operation: operation, path: ufsPath(of: path), cause: .errno(ENOTDIR))
  }

  /// The error for a broken rule.
  func rule(
    _ code: UFSError.Code, _ operation: StaticString, _ path: String, _ rule: PathRule
  ) -> UFSError {
    UFSError(code, operation: operation, path: ufsPath(of: path), rule: rule)
  }

  /// The public status for what the kernel said; nil for what is neither file nor directory.
  func fileStatus(
    _ status: LocalStatus, _ path: String, owner: String, group: String
  ) -> FileStatus? {
    guard status.kind == .file || status.kind == .directory else { return nil }
    let isFile = status.kind == .file
    return FileStatus(
      ufsPath: ufsPath(of: path), kind: isFile ? .file : .directory,
      length: isFile ? status.length : 0, modificationTime: status.modificationTime,
      accessTime: status.accessTime, creationTime: status.creationTime, owner: owner, group: group,
      mode: status.mode, version: isFile ? status.version : nil)
  }
}
