// A file read through a ring alone: what the store's reads cost besides the ring is the difference.

import CLinux
import Glibc
import Ring

/// A file open for direct reads.
final class RawFile: Sendable {
  private let descriptor: Int32
  private let size: Int

  /// Opens `path`, of which `size` bytes are read.
  init(_ path: String, size: Int) throws {
    descriptor = open(path, O_RDONLY | O_CLOEXEC | pen_o_direct())
    guard descriptor >= 0 else { throw FioRun.Failure(description: "open \(path): \(errno)") }
    self.size = size
  }

  deinit { close(descriptor) }

  /// Reads one random block of `count` bytes.
  func read(
    _ count: Int, _ random: inout ReaderRandom, _ buffer: ReadBuffer, on reactor: Reactor
  ) async -> Int? {
    let offset = Int64(random.number(below: size / count)) * Int64(count)
    let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<count])
    let result = await unsafe reactor.read(descriptor, into: bytes, at: offset)
    return Int(result) == count ? count : nil
  }
}
