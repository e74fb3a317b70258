// Reads of one version of a local file.
//
//   open: fstat = version V ──▶ read … ──▶ fstat = V ?  yes: every byte is V's      (the stat after one read is the
//                                                       no:  .changed, bytes dropped  stat before the next)
//
// V's ctime cannot be set back (LocalVersion), so that V at the end means V all the time in between, provided V was
// settled when the read began. The stat is a plain system call where it cannot wait (0.7 µs); io_uring would hand every
// statx to a worker thread (11 µs). Network file systems are asked on the pool, past their attribute caches.

import CLinux
import Glibc
package import Model
import Ring

/// An open local file at one version.
package final class LocalReader: UFSReader {
  package let version: FileVersion
  private let fileSystem: LocalUFS
  private let file: OpenFile
  private let path: String
  private let settleTime: Int64
  private let direct: LocalUFS.Options.Direct
  private var mayReadDirect: Bool

  /// Reads go past the page cache from this size on; below it the device's latency outweighs the copy.
  static let directSizeMin = 65536
  /// Alignment of memory, offset and size that every device accepts.
  private static let directAlignment = 4096

  /// A reader of `file`, which was `version` when it was opened.
  init(
    _ fileSystem: LocalUFS, _ file: OpenFile, _ path: String, _ version: FileVersion,
    _ direct: LocalUFS.Options.Direct
  ) {
    self.direct = direct
    self.fileSystem = fileSystem
    self.file = file
    self.path = path
    self.version = version
    settleTime = fileSystem.settleTime(of: version)
    mayReadDirect = direct != .never && file.directDescriptor >= 0
  }

  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async throws(UFSError) -> UFSRead {
    precondition(offset >= 0, "an offset is not negative")
    // The clock first: a write after this moment is stamped with this moment or later.
    let isSettled = SystemCall.wallClock() >= settleTime
    let count = Int(clamping: min(Int64(buffer.count), max(0, version.length - offset)))
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    let got = count == 0 ? 0 : unsafe try await transfer(into: target, at: offset)
    await fileSystem.seams.beforeVerify?(path)
    try await verify()
    guard got == count else { throw fileSystem.rule(.changed, "ufs.read", path, .shortRead) }
    return UFSRead(count: count, isSettled: isSettled)
  }

  package func announce(_ range: Range<Int64>) {
    // The kernel's own read-ahead notices a sequential reader.
  }

  package func close() async {
    // The descriptor stays in the ring's cache, and closes when it is the oldest there.
  }

  private func transfer(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async throws(UFSError) -> Int {
    let reactor = fileSystem.reactor
    do throws(RingError) {
      if mayReadDirect, unsafe isAligned(buffer, offset) {
        if direct == .auto {
          // Copies what is there and never waits: the same work that a buffered read of the ring does inline.
          let cached = unsafe pen_read_cached(
            file.descriptor, buffer.baseAddress, buffer.count, offset)
          if cached == buffer.count { return cached }
        }
        do throws(RingError) {
          return unsafe try await reactor.readAll(file.directDescriptor, into: buffer, at: offset)
        } catch  where error.errno == EINVAL {
          // The device wants a larger alignment: buffered from now on.
          mayReadDirect = false
        }
      }
      return unsafe try await reactor.readAll(file.descriptor, into: buffer, at: offset)
    } catch {
      // A file server's word for "this file is gone": the name may hold a new one.
      if error.errno == ESTALE { throw fileSystem.rule(.changed, "ufs.read", path, .otherVersion) }
      throw UFSError(ring: error, operation: "ufs.read", path: fileSystem.ufsPath(of: path))
    }
  }

  private func isAligned(_ buffer: UnsafeMutableRawBufferPointer, _ offset: Int64) -> Bool {
    guard buffer.count >= Self.directSizeMin, let base = buffer.baseAddress else {
      return false
    }
    let mask = Self.directAlignment - 1
    return (Int(bitPattern: base) | buffer.count | Int(truncatingIfNeeded: offset)) & mask
      == 0
  }

  /// Throws unless the open file still has the version.
  private func verify() async throws(UFSError) {
    let answer =
      file.isLocal
      ? SystemCall.status(of: file.descriptor)
      : await fileSystem.currentStatus(of: file.descriptor)
    switch answer {
    case .success(let status) where status.version == version: return
    case .failure(let errno) where errno.number != ESTALE:
      throw fileSystem.error(-errno.number, "ufs.read", path)
    case .success, .failure: throw fileSystem.rule(.changed, "ufs.read", path, .otherVersion)
    }
  }
}
