// Changes to the tree. Each is durable when it returns: the directory that holds the name is synced, too.

import CLinux
import Glibc
import Ring

extension LocalUFS {
  // MARK: Directories

  package func makeDirectory(
    _ path: String, recursive: Bool
  ) async throws(UFSError) -> DirectoryCreation {
    try checkChange(path, "ufs.mkdir")
    if path.isEmpty { return .existed }
    return try await blocking { [self] () throws(UFSError) in
      var made = DirectoryCreation.existed
      var prefix = ""
      let names = pathComponents(path)
      for (index, name) in names.enumerated() {
        prefix = joinPath(prefix, name)
        let isLast = index == names.count - 1
        if isLast || recursive { made = try makeOne(prefix, isLast: isLast) }
      }
      return made
    }
  }

  private func makeOne(_ path: String, isLast: Bool) throws(UFSError) -> DirectoryCreation {
    let (parent, name) = resolver.openParent(PathBytes(path.utf8))
    try checked(parent, "ufs.mkdir", path)
    defer { Glibc.close(parent) }
    let rc = SystemCall.makeDirectory(at: parent, name)
    if rc == -EEXIST {
      // A link to a directory is a directory; a link that leads out is not ours to go through.
      let there = resolver.open(PathBytes(path.utf8), flags: pen_o_path() | O_DIRECTORY)
      defer { if there >= 0 { Glibc.close(there) } }
      if there >= 0 { return .existed }
      guard there == -ENOTDIR || there == -ENOENT else { throw error(there, "ufs.mkdir", path) }
      throw error(isLast ? -EEXIST : -ENOTDIR, "ufs.mkdir", path)
    }
    try checked(rc, "ufs.mkdir", path)
    try checked(SystemCall.sync(parent), "ufs.mkdir", path)
    return .created
  }

  // MARK: Files

  package func touch(_ path: String) async throws(UFSError) {
    try checkChange(path, "ufs.touch")
    try await blocking { [self] () throws(UFSError) in
      if path.isEmpty {
        try checked(SystemCall.touch(at: resolver.root, [UInt8(ascii: ".")]), "ufs.touch", path)
        return
      }
      let (parent, name) = resolver.openParentFollowing(PathBytes(path.utf8))
      try checked(parent, "ufs.touch", path)
      defer { Glibc.close(parent) }
      let fd = SystemCall.open(
        at: parent, name, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o666,
        resolve: LocalResolver.beneath)
      if fd == -EEXIST {
        guard case .success(let status) = SystemCall.status(at: parent, name),
          status.kind == .file || status.kind == .directory
        else { throw rule(.unsupported, "ufs.touch", path, .specialFile) }
        try checked(SystemCall.touch(at: parent, name), "ufs.touch", path)
        return
      }
      try checked(fd, "ufs.touch", path)
      let rc = SystemCall.sync(fd)
      Glibc.close(fd)
      try checked(rc, "ufs.touch", path)
      try checked(SystemCall.sync(parent), "ufs.touch", path)
    }
  }

  package func write(
    _ bytes: UnsafeRawBufferPointer, to path: String, at offset: Int64
  ) async throws(UFSError) {
    precondition(offset >= 0, "an offset is not negative")
    try checkChange(path, "ufs.write")
    guard !offset.addingReportingOverflow(Int64(bytes.count)).overflow else {
      throw rule(.invalid, "ufs.write", path, .offsetTooLarge)
    }
    let reactor = reactor
    var fd = await open(path, flags: O_WRONLY | O_NONBLOCK | O_NOCTTY, on: reactor)
    if fd == -ENOENT {
      try await touch(path)
      fd = await open(path, flags: O_WRONLY | O_NONBLOCK | O_NOCTTY, on: reactor)
    }
    guard fd >= 0 else { throw lookupError(fd, "ufs.write", path) }
    do throws(UFSError) {
      unsafe try await writeInPlace(bytes, fd, path, at: offset)
    } catch {
      await reactor.close(fd)
      throw error
    }
    await reactor.close(fd)
  }

  private func writeInPlace(
    _ bytes: UnsafeRawBufferPointer, _ fd: Int32, _ path: String, at offset: Int64
  ) async throws(UFSError) {
    let reactor = reactor
    let status: LocalStatus
    switch await currentStatus(of: fd) {
    case .success(let found): status = found
    case .failure(let errno): throw error(-errno.number, "ufs.write", path)
    }
    try requireFile(status, "ufs.write", path)
    try checked(pen_clear_nonblock(fd), "ufs.write", path)
    do throws(RingError) {
      unsafe try await reactor.writeAll(fd, from: bytes, at: offset)
      let rc = await reactor.sync(fd, dataOnly: true)
      if rc < 0 { throw RingError(operation: "ring.fsync", result: rc) }
    } catch {
      throw UFSError(ring: error, operation: "ufs.write", path: ufsPath(of: path))
    }
  }

  // MARK: Names

  package func rename(
    _ source: String, to target: String, replacing: Bool
  ) async throws(UFSError) {
    try checkChange(source, "ufs.rename")
    try checkChange(target, "ufs.rename")
    if source.isEmpty || target.isEmpty {
      throw rule(.invalid, "ufs.rename", source.isEmpty ? source : target, .mountRoot)
    }
    if pathBelow(source, target) != nil, !isSameText(source, target) {
      throw rule(.invalid, "ufs.rename", target, .intoItself)
    }
    try await blocking { [self] () throws(UFSError) in
      let (from, name) = resolver.openParent(PathBytes(source.utf8))
      guard from >= 0 else { throw lookupError(from, "ufs.rename", source) }
      defer { Glibc.close(from) }
      let (to, targetName) = resolver.openParent(PathBytes(target.utf8))
      guard to >= 0 else { throw lookupError(to, "ufs.rename", target) }
      defer { Glibc.close(to) }
      var rc = SystemCall.rename(at: from, name, to: to, targetName, replacing: replacing)
      if rc == -EINVAL, !replacing {
        rc = renameWithoutFlag(from, name, to, targetName)
      }
      if rc == -EXDEV {
        throw UFSError(
          .unsupported, operation: "ufs.rename", path: ufsPath(of: target), cause: .errno(EXDEV))
      }
      guard rc >= 0 else {
        // Only a missing source is not found: both parents were opened.
        throw error(rc, "ufs.rename", rc == -ENOENT ? source : target)
      }
      try checked(SystemCall.sync(to), "ufs.rename", target)
      try checked(SystemCall.sync(from), "ufs.rename", source)
    }
    dropDescriptors(source)
    dropDescriptors(target)
  }

  /// A rename that replaces nothing, on a file system that lacks the flag: by a link, or onto a new directory.
  private func renameWithoutFlag(
    _ from: Int32, _ name: PathBytes, _ to: Int32, _ targetName: PathBytes
  ) -> Int32 {
    guard case .success(let status) = SystemCall.status(at: from, name) else { return -ENOENT }
    if status.kind != .directory {
      let rc = SystemCall.link(at: from, name, to: to, targetName)
      return rc < 0 ? rc : SystemCall.remove(at: from, name, isDirectory: false)
    }
    let made = SystemCall.makeDirectory(at: to, targetName)
    guard made >= 0 else { return made }
    let rc = SystemCall.rename(at: from, name, to: to, targetName, replacing: true)
    if rc < 0 { _ = SystemCall.remove(at: to, targetName, isDirectory: true) }
    return rc
  }

  package func delete(_ path: String, recursive: Bool) async throws(UFSError) {
    try checkChange(path, "ufs.delete")
    if path.isEmpty { throw rule(.invalid, "ufs.delete", path, .mountRoot) }
    let deletion = try await blocking { [self] () throws(UFSError) in
      let (parent, name) = resolver.openParent(PathBytes(path.utf8))
      guard parent >= 0 else { throw lookupError(parent, "ufs.delete", path) }
      return TreeDeletion(parent, name)
    }
    while true {
      let rc = await pool.run { deletion.step(recursive: recursive) }
      dropDescriptors(path)
      if rc == 0 { return }
      try checked(rc, "ufs.delete", path)
    }
  }
}
