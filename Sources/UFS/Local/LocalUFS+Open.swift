// Status and open: the operations of the read path.

package import Model

import CLinux
import Glibc
import Ring
import Synchronization

extension LocalUFS {
  /// Files of up to so many bytes are closed after they were loaded.
  private static let unkeptSizeMax: Int64 = 65536

  package func status(of path: String) async throws(UFSError) -> FileStatus {
    try check(path, "ufs.status")
    let reactor = reactor
    let fd = await open(path, flags: pen_o_path(), on: reactor)
    guard fd >= 0 else { throw lookupError(fd, "ufs.status", path) }
    let answer = await currentStatus(of: fd)
    await reactor.close(fd)
    let status: LocalStatus
    switch answer {
    case .success(let found): status = found
    case .failure(let errno): throw error(-errno.number, "ufs.status", path)
    }
    let (owner, group) = await ownerNames(status)
    guard let result = fileStatus(status, path, owner: owner, group: group) else {
      throw rule(.unsupported, "ufs.status", path, .specialFile)
    }
    return result
  }

  package func open(
    _ path: String, expecting version: FileVersion?, for purpose: UFSPurpose
  ) async throws(UFSError) -> any UFSReader {
    try check(path, "ufs.open")
    let reactor = reactor
    let cache = cache(of: reactor)
    let direct = options.direct(for: purpose)
    // A load reads a small file once, at once: no client waits for its ring. Clients that never wait for the kernel would hold up
    // all who do.
    let isLoad = purpose == .load
    let isKept = !isLoad || version.map { $0.length > Self.unkeptSizeMax } ?? true
    if isKept, let version, let file = cache.file(path, version, now: reactor.now),
      !wantsDirect(direct, version.length) || file.wasAskedForDirect
    {
      return LocalReader(self, file, path, version, direct, readsAtOnce: isLoad)
    }
    let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
    var fd = isLoad ? openAtOnce(path, flags: flags) : -EAGAIN
    if fd == -EAGAIN { fd = await open(path, flags: flags, on: reactor) }
    // A socket cannot be opened at all, nor can a device without a driver: ENXIO, ENODEV.
    guard fd >= 0 else { throw lookupError(fd, "ufs.open", path) }
    do throws(UFSError) {
      let (file, found) = try await readable(
        fd, path, expecting: version, direct, atOnce: isLoad)
      if isKept || !file.isLocal {
        let leaving = cache.insert(file, path, found, now: reactor.now)
        await OpenFile.close(leaving, on: reactor)
      }
      return LocalReader(self, file, path, found, direct, readsAtOnce: isLoad)
    } catch {
      await reactor.close(fd)
      throw error
    }
  }

  /// Checks that a descriptor just opened is a regular file of the right version, and makes it fit for the ring.
  private func readable(
    _ fd: Int32, _ path: String, expecting version: FileVersion?, _ direct: Options.Direct,
    atOnce: Bool
  ) async throws(UFSError) -> (OpenFile, FileVersion) {
    let status: LocalStatus
    let known = atOnce ? statusAtOnce(of: fd) : nil
    let answer = if let known { known } else { await currentStatus(of: fd) }
    switch answer {
    case .success(let found): status = found
    case .failure(let errno): throw error(-errno.number, "ufs.open", path)
    }
    try requireFile(status, "ufs.open", path)
    let found = status.version
    if let version, version != found { throw rule(.changed, "ufs.open", path, .otherVersion) }
    let rc = pen_clear_nonblock(fd)
    guard rc >= 0 else { throw error(rc, "ufs.open", path) }
    let isLocal = await isLocal(fd, device: status.device)
    let isAsked = wantsDirect(direct, found.length)
    let directDescriptor = isAsked ? await openDirect(path, sameAs: status) : -1
    let file = OpenFile(
      descriptor: fd, directDescriptor: directDescriptor, wasAskedForDirect: isAsked,
      isLocal: isLocal)
    return (file, found)
  }

  /// Whether a file of `length` bytes has reads that go past the page cache.
  private func wantsDirect(_ direct: Options.Direct, _ length: Int64) -> Bool {
    direct != .never && length >= LocalReader.directSizeMin
  }

  /// The status of an open descriptor where that never waits; nil elsewhere.
  private func statusAtOnce(of fd: Int32) -> Result<LocalStatus, Errno>? {
    // A mount of another kind may lie below the root: only the device tells.
    guard isLocal, case .success(let status) = SystemCall.knownStatus(of: fd),
      devices.withLock({ $0[status.device] }) == true
    else { return nil }
    return .success(status)
  }

  /// The status of an open descriptor: on the ring, or on the pool and from the server where there is one.
  func currentStatus(of fd: Int32) async -> Result<LocalStatus, Errno> {
    guard isLocal else { return await pool.run { SystemCall.freshStatus(of: fd) } }
    return await reactor.status(of: fd).map { LocalStatus($0) }
      .mapError { Errno($0.errno == 0 ? ECANCELED : $0.errno) }
  }

  /// Throws unless `status` is that of a regular file.
  func requireFile(
    _ status: LocalStatus, _ operation: StaticString, _ path: String
  ) throws(UFSError) {
    switch status.kind {
    case .file: return
    case .directory:
      throw UFSError(
        .isDirectory, operation: operation, path: ufsPath(of: path), cause: .errno(EISDIR))
    case .link, .special: throw rule(.unsupported, operation, path, .specialFile)
    }
  }

  /// Opens `path` below the root when the kernel has all of it in memory; else -EAGAIN.
  private func openAtOnce(_ path: String, flags: Int32) -> Int32 {
    guard isLocal else { return -EAGAIN }
    let name = PathBytes((path.isEmpty ? "." : path).utf8)
    let fd = SystemCall.open(
      at: resolver.root, name, flags: flags,
      resolve: LocalResolver.beneath | UInt64(RESOLVE_CACHED))
    return fd == -EXDEV ? -EAGAIN : fd
  }

  /// Opens `path` below the root: on the ring, and on the pool when links have to be followed by hand.
  func open(_ path: String, flags: Int32, on reactor: Reactor) async -> Int32 {
    let fd = await reactor.open(
      at: resolver.root, path.isEmpty ? "." : path, flags: flags, resolve: LocalResolver.beneath)
    guard fd == -EXDEV || fd == -EAGAIN else { return fd }
    let resolver = resolver
    return await pool.run { resolver.open(PathBytes(path.utf8), flags: flags) }
  }

  /// A second descriptor of the same file for reads past the page cache; -1 when there is none to be had.
  private func openDirect(_ path: String, sameAs status: LocalStatus) async -> Int32 {
    let reactor = reactor
    // EINVAL: the file system has no O_DIRECT. Any other failure will meet the buffered reads, too.
    let fd = await open(path, flags: O_RDONLY | O_NONBLOCK | pen_o_direct(), on: reactor)
    guard fd >= 0 else { return -1 }
    if case .success(let own) = await currentStatus(of: fd), own.kind == .file,
      own.inode == status.inode, own.device == status.device, pen_clear_nonblock(fd) == 0
    {
      return fd
    }
    await reactor.close(fd)
    return -1
  }

  /// Whether the file system of `fd` answers without a server.
  ///
  /// Asked once per device: statfs may itself wait.
  private func isLocal(_ fd: Int32, device: UInt64) async -> Bool {
    if !isLocal { return false }
    if let known = devices.withLock({ $0[device] }) { return known }
    let isLocal = await pool.run { pen_is_local_filesystem(fd) }
    devices.withLock { $0[device] = isLocal }
    return isLocal
  }

  /// Names of a file's owner and group, on the pool when they are not known yet.
  func ownerNames(_ status: LocalStatus) async -> (owner: String, group: String) {
    let (user, group) = (status.user, status.group)
    if let known = names.known(user: user, group: group) { return known }
    let names = names
    return await pool.run { names.find(user: user, group: group) }
  }
}
