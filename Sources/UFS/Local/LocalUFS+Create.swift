// New files.

import CLinux
import Glibc
import Ring

extension LocalUFS {
  package func create(
    _ path: String, _ mode: UFSCreation
  ) async throws(UFSError) -> any UFSWriter {
    try checkChange(path, "ufs.create")
    if path.isEmpty {
      throw UFSError(
        .isDirectory, operation: "ufs.create", path: ufsPath(of: path), cause: .errno(EISDIR))
    }
    let place = try await blocking { [self] () throws(UFSError) in try openPlace(path, mode) }
    return LocalWriter(self, place, path, mode)
  }

  /// Opens the directory that `path` leads to and an unnamed file in it.
  ///
  /// Blocking.
  private func openPlace(
    _ path: String, _ mode: UFSCreation
  ) throws(UFSError) -> LocalWriter.Place {
    let (parent, name) = resolver.openParentFollowing(PathBytes(path.utf8))
    guard parent >= 0 else { throw error(parent, "ufs.create", path) }
    do throws(UFSError) {
      let old = try replaced(parent, name, path, mode)
      return try openFile(parent, name, path, old)
    } catch {
      Glibc.close(parent)
      throw error
    }
  }

  /// The file whose place the new one will take; nil when there is none.
  private func replaced(
    _ parent: Int32, _ name: PathBytes, _ path: String, _ mode: UFSCreation
  ) throws(UFSError) -> LocalStatus? {
    switch SystemCall.status(at: parent, name) {
    case .failure(let errno) where errno.number == ENOENT: return nil
    case .failure(let errno): throw error(-errno.number, "ufs.create", path)
    case .success(let status):
      if mode == .exclusive { throw error(-EEXIST, "ufs.create", path) }
      try requireFile(status, "ufs.create", path)
      return status
    }
  }

  /// An unnamed file where the file system has those, else one with a reserved name.
  private func openFile(
    _ parent: Int32, _ name: PathBytes, _ path: String, _ old: LocalStatus?
  ) throws(UFSError) -> LocalWriter.Place {
    let temporary = PathBytes(LocalPath.temporaryPrefix.utf8) + SystemCall.randomName()
    var fd = -EOPNOTSUPP
    if !seams.lacksUnnamedFiles {
      fd = SystemCall.open(
        at: parent, [UInt8(ascii: ".")], flags: O_WRONLY | pen_o_tmpfile(), mode: 0o666,
        resolve: LocalResolver.beneath)
    }
    let isNamed = fd == -EOPNOTSUPP || fd == -EISDIR || fd == -EINVAL
    if isNamed {
      fd = SystemCall.open(
        at: parent, temporary, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o666,
        resolve: LocalResolver.beneath)
    }
    guard fd >= 0 else { throw error(fd, "ufs.create", path) }
    if let old {
      // What may read the old file may read the new one. Only root may give files away; others keep their own name.
      _ = fchown(fd, old.user, old.group)
      _ = fchmod(fd, mode_t(old.mode))
    }
    return LocalWriter.Place(
      file: fd, parent: parent, name: name, temporaryName: temporary, isNamed: isNamed)
  }
}
