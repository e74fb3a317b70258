// Copies inside the kernel: shared extents where the file system can, else without a way through this process.

import CLinux
import Glibc
import Model
import Ring

extension LocalUFS {
  /// Bytes copied before the thread is given to others.
  private static let copySizeMax = 64 << 20

  package func copyFile(
    _ source: String, to target: String, replacing: Bool
  ) async throws(UFSError) {
    try checkChange(target, "ufs.copy")
    let reader = try await openForCopy(source)
    if let same = try? await status(of: target), same.version == reader.status.version {
      if !replacing { throw error(-EEXIST, "ufs.copy", target) }
      throw rule(.invalid, "ufs.copy", target, .intoItself)
    }
    let creation: UFSCreation = replacing ? .replacing : .exclusive
    let writer = try await create(target, creation)
    guard let local = writer as? LocalWriter else {
      preconditionFailure("a local file system makes local writers")
    }
    do throws(UFSError) {
      if try await !copyInKernel(reader, to: local, source) {
        await writer.abort()
        // EXDEV, EOPNOTSUPP: two file systems below one mount, or one that cannot.
        try await StreamedCopy.file(from: self, source, to: self, target, creation)
        return
      }
      _ = try await writer.commit()
    } catch {
      await writer.abort()
      throw error
    }
  }

  /// A source opened for copying.
  private struct Source: Sendable {
    let file: OpenFile
    let status: LocalStatus
  }

  private func openForCopy(_ path: String) async throws(UFSError) -> Source {
    try check(path, "ufs.copy")
    return try await blocking { [self] () throws(UFSError) in
      let fd = resolver.open(PathBytes(path.utf8), flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
      guard fd >= 0 else { throw lookupError(fd, "ufs.copy", path) }
      let file = OpenFile(descriptor: fd, isLocal: false)
      switch SystemCall.status(of: fd) {
      case .failure(let errno): throw error(-errno.number, "ufs.copy", path)
      case .success(let status):
        try requireFile(status, "ufs.copy", path)
        return Source(file: file, status: status)
      }
    }
  }

  /// Copies all bytes, 64 MiB at a time; false when the kernel cannot.
  private func copyInKernel(
    _ source: Source, to writer: LocalWriter, _ path: String
  ) async throws(UFSError) -> Bool {
    let target = writer.descriptor
    var offset: Int64 = 0
    while offset < source.status.length {
      let (at, rest) = (offset, source.status.length - offset)
      let size = Int(min(rest, Int64(Self.copySizeMax)))
      let count = await pool.run {
        pen_copy_range(source.file.descriptor, at, target, at, size)
      }
      if offset == 0, [-Int(EXDEV), -Int(EOPNOTSUPP), -Int(ENOSYS), -Int(EINVAL)].contains(count) {
        return false
      }
      try checked(Int32(clamping: count), "ufs.copy", path)
      if count == 0 { break }
      offset += Int64(count)
    }
    let now = await pool.run { SystemCall.status(of: source.file.descriptor) }
    guard case .success(let after) = now, after.version == source.status.version,
      offset == source.status.length
    else { throw rule(.changed, "ufs.copy", path, .otherVersion) }
    return true
  }
}
