// Readers on one ring: so many at once, each one read after another until the time is over.

import Glibc
import Ring

/// Memory of one reader, aligned for direct I/O and kept for the whole run.
final class ReadBuffer: @unchecked Sendable {
  // SAFETY: one reader at a time uses it; it is freed when nobody has it any more.
  let bytes: UnsafeMutableRawBufferPointer

  init(_ count: Int) {
    unsafe bytes = .allocate(byteCount: count, alignment: 4096)
    // Resident before the clock starts.
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { unsafe bytes.deallocate() }
}

/// A number of readers at work for a time.
struct ReadLoad: Sendable {
  let reactor: Reactor
  let depth: Int
  let seconds: Double
  let bufferSize: Int

  /// One read into the buffer; returns the bytes that came from the disk, 0 when none did, nil when they were wrong.
  typealias Read = @Sendable (inout ReaderRandom, ReadBuffer) async -> Int?

  /// Reads until the time is over; nil when a read was wrong.
  func run(_ read: @escaping Read) -> TierSample? {
    let buffers = (0..<depth).map { _ in ReadBuffer(bufferSize) }
    let cpu = CPUTime.own
    let start = AccessTime.now
    let end = start + UInt64(seconds * 1e9)
    let counts = reactor.wait {
      await withTaskGroup(of: (bytes: Int, operations: Int)?.self) { group in
        for (index, buffer) in buffers.enumerated() {
          group.addTask { await Self.work(read, seed: index, buffer, until: end) }
        }
        var sum: (bytes: Int, operations: Int)? = (0, 0)
        for await part in group {
          if let part, let known = sum {
            sum = (known.bytes + part.bytes, known.operations + part.operations)
          } else {
            sum = nil
          }
        }
        return sum
      }
    }
    let took = Double(AccessTime.now - start) * 1e-9
    return counts.map {
      TierSample(
        bytes: $0.bytes, operations: $0.operations, seconds: took, cpuSeconds: CPUTime.own - cpu)
    }
  }

  private static func work(
    _ read: Read, seed: Int, _ buffer: ReadBuffer, until end: UInt64
  ) async -> (bytes: Int, operations: Int)? {
    var random = ReaderRandom(seed: seed)
    var (bytes, operations) = (0, 0)
    while AccessTime.now < end {
      guard let count = await read(&random, buffer) else { return nil }
      bytes += count
      operations += count > 0 ? 1 : 0
    }
    return (bytes, operations)
  }
}
