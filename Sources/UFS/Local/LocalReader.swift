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
  private let readsAtOnce: Bool
  private var mayReadDirect: Bool

  /// Reads go past the page cache from this size on; below it the device's latency outweighs the copy.
  static let directSizeMin = 65536
  /// Bytes that are copied from the page cache before others have their turn.
  private static let copySizeMax = 128 << 10
  /// Alignment of memory, offset and size that every device accepts.
  private static let directAlignment = 4096

  /// A reader of `file`, which was `version` when it was opened; it `readsAtOnce` what the kernel has in memory for work that
  /// nobody waits for.
  init(
    _ fileSystem: LocalUFS, _ file: OpenFile, _ path: String, _ version: FileVersion,
    _ direct: LocalUFS.Options.Direct, readsAtOnce: Bool
  ) {
    self.readsAtOnce = readsAtOnce
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
        if direct == .auto, unsafe await copiesCached(into: buffer, at: offset, reactor) {
          return buffer.count
        }
        do throws(RingError) {
          return unsafe try await reactor.readAll(file.directDescriptor, into: buffer, at: offset)
        } catch  where error.errno == EINVAL {
          // The device wants a larger alignment: buffered from now on.
          mayReadDirect = false
        }
      }
      if readsAtOnce, file.isLocal, buffer.count < Self.directSizeMin {
        let count = unsafe pen_read_now(
          file.descriptor, buffer.baseAddress, buffer.count, offset)
        if count == buffer.count {
          // Who reads file after file without ever waiting lets others have their turn.
          await reactor.yield()
          return count
        }
      }
      return unsafe try await reactor.readAll(file.descriptor, into: buffer, at: offset)
    } catch {
      // A file server's word for "this file is gone": the name may hold a new one.
      if error.errno == ESTALE { throw fileSystem.rule(.changed, "ufs.read", path, .otherVersion) }
      throw UFSError(ring: error, operation: "ufs.read", path: fileSystem.ufsPath(of: path))
    }
  }

  /// Copies what the page cache holds, never waiting for a device; false when something is missing.
  ///
  /// Piece by piece: the ring's other tasks wait for one of them, not for a page.
  private func copiesCached(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64, _ reactor: Reactor
  ) async -> Bool {
    var done = 0
    while done < buffer.count {
      if done > 0 { await reactor.yield() }
      let size = min(Self.copySizeMax, buffer.count - done)
      let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + size])
      let count = unsafe pen_read_cached(
        file.descriptor, piece.baseAddress, size, offset + Int64(done))
      guard count == size else { return false }
      done += size
    }
    return true
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
