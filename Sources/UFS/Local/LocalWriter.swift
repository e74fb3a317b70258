// A new local file: unnamed until it is whole.
//
//   O_TMPFILE in the target's directory ─ append … ─ fsync ─ link (exclusive) or link + rename (replacing) ─ fsync directory
//
// A crash before the link leaves nothing; one between link and rename leaves a reserved name that listings hide.
// Where O_TMPFILE is missing (NFS, some FUSE) the reserved name exists from the start.

import CLinux
import Glibc
package import Model
import Ring

/// A local file being written.
package final class LocalWriter: UFSWriter {
  /// Where the file goes.
  struct Place: Sendable {
    /// The file, open for writing.
    let file: Int32
    /// The directory it will be in.
    let parent: Int32
    /// The name it will have.
    let name: PathBytes
    /// The name it has on its way there.
    let temporaryName: PathBytes
    /// Whether it has that name from the start.
    let isNamed: Bool
  }

  private let fileSystem: LocalUFS
  private let place: Place
  private let path: String
  private let mode: UFSCreation
  private var length: Int64 = 0
  private var isOpen = true
  private var kept: UFSAttributes?

  /// A writer into `place`, whose descriptors it takes over.
  init(_ fileSystem: LocalUFS, _ place: Place, _ path: String, _ mode: UFSCreation) {
    self.fileSystem = fileSystem
    self.place = place
    self.path = path
    self.mode = mode
  }

  /// The file, for copies inside the kernel.
  var descriptor: Int32 { place.file }

  deinit {
    if isOpen { Self.discard(place) }
  }

  package func append(_ bytes: UnsafeRawBufferPointer) async throws(UFSError) {
    precondition(isOpen, "a writer is used before its end")
    do throws(RingError) {
      unsafe try await fileSystem.reactor.writeAll(place.file, from: bytes, at: length)
    } catch {
      throw UFSError(ring: error, operation: "ufs.append", path: fileSystem.ufsPath(of: path))
    }
    length += Int64(bytes.count)
  }

  package func keep(_ attributes: UFSAttributes) { kept = attributes }

  /// `UTIME_OMIT` of Linux, a macro that is not imported: the access time stays.
  private static let timeOmitted = (1 << 30) - 2

  /// Sets mode and time of the file.
  ///
  /// Returns 0 or -errno. Blocking.
  private static func set(_ attributes: UFSAttributes, of file: Int32) -> Int32 {
    if let mode = attributes.mode, fchmod(file, mode_t(mode & 0o777)) != 0 { return -errno }
    let time = timespec(
      tv_sec: Int(attributes.modificationTime / 1_000_000_000),
      tv_nsec: Int(attributes.modificationTime % 1_000_000_000))
    // SAFETY: the call reads two times, which live until it returns.
    return unsafe [timespec(tv_sec: 0, tv_nsec: timeOmitted), time].withUnsafeBufferPointer {
      unsafe futimens(file, $0.baseAddress) == 0 ? 0 : -errno
    }
  }

  package func commit() async throws(UFSError) -> FileStatus {
    precondition(isOpen, "a writer is used before its end")
    if let kept, kept.modificationTime >= 0 {
      let file = place.file
      try fileSystem.checked(
        await fileSystem.pool.run { Self.set(kept, of: file) }, "ufs.commit", path)
    }
    let rc = await fileSystem.reactor.sync(place.file, dataOnly: false)
    try fileSystem.checked(rc, "ufs.commit", path)
    let (fileSystem, place, path, mode) = (fileSystem, place, path, mode)
    isOpen = false
    return try await fileSystem.blocking { () throws(UFSError) in
      defer {
        Glibc.close(place.file)
        Glibc.close(place.parent)
      }
      let rc = Self.publish(place, mode)
      if rc < 0 { _ = SystemCall.remove(at: place.parent, place.temporaryName, isDirectory: false) }
      try fileSystem.checked(rc, "ufs.commit", path)
      fileSystem.dropDescriptors(path)
      try fileSystem.checked(SystemCall.sync(place.parent), "ufs.commit", path)
      return try Self.status(place.file, fileSystem, path)
    }
  }

  package func abort() async {
    guard isOpen else { return }
    isOpen = false
    let place = place
    await fileSystem.pool.run { Self.discard(place) }
  }

  /// Gives the file its name.
  ///
  /// Returns 0 or -errno. Blocking.
  private static func publish(_ place: Place, _ mode: UFSCreation) -> Int32 {
    if mode == .exclusive {
      if !place.isNamed {
        return SystemCall.link(descriptor: place.file, to: place.parent, place.name)
      }
      let rc = SystemCall.link(at: place.parent, place.temporaryName, to: place.parent, place.name)
      return rc < 0
        ? rc : SystemCall.remove(at: place.parent, place.temporaryName, isDirectory: false)
    }
    if !place.isNamed {
      let rc = SystemCall.link(descriptor: place.file, to: place.parent, place.temporaryName)
      if rc < 0 { return rc }
    }
    return SystemCall.rename(
      at: place.parent, place.temporaryName, to: place.parent, place.name, replacing: true)
  }

  private static func status(
    _ fd: Int32, _ fileSystem: LocalUFS, _ path: String
  ) throws(UFSError) -> FileStatus {
    switch SystemCall.status(of: fd) {
    case .failure(let errno): throw fileSystem.error(-errno.number, "ufs.commit", path)
    case .success(let status):
      let (owner, group) = fileSystem.names.find(user: status.user, group: status.group)
      guard let result = fileSystem.fileStatus(status, path, owner: owner, group: group) else {
        throw fileSystem.rule(.unsupported, "ufs.commit", path, .specialFile)
      }
      return result
    }
  }

  private static func discard(_ place: Place) {
    Glibc.close(place.file)
    if place.isNamed {
      _ = SystemCall.remove(at: place.parent, place.temporaryName, isDirectory: false)
    }
    Glibc.close(place.parent)
  }
}
