// Buffers for bytes that are in no page of memory, from the UFS past the store or from a page on disk: bounded per ring,
// waited for, never grown.

import Glibc
package import PageStore
import Ring

/// A buffer of a `ReadBufferPool`; returns to it when it ends.
// SAFETY: memory and count of one allocation, owned by this value alone.
@safe package struct ReadBuffer: ~Copyable {
  /// The memory, aligned to 4 KiB.
  package let memory: UnsafeMutableRawBufferPointer
  /// The part that holds the wanted bytes.
  package var filled = 0..<0
  /// The NUMA node that the bytes came from.
  package var node = 0
  /// What the memory waits for before it may be used again; a device that does not answer has it.
  package var hold: DeviceHold?
  private let pool: ReadBufferPool

  init(_ memory: UnsafeMutableRawBufferPointer, pool: ReadBufferPool) {
    unsafe self.memory = unsafe memory
    self.pool = pool
  }

  /// The bytes read.
  package var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: memory[filled])
  }

  /// Number of bytes read.
  package var count: Int { filled.count }

  deinit {
    guard let hold else { return unsafe pool.giveBack(memory) }
    unsafe pool.park(memory, until: hold)
  }
}

/// The read buffers of one ring; confined to its thread.
// SAFETY: every use is on the ring's thread, as `FileService` takes the pool of the current reactor.
@safe package final class ReadBufferPool: @unchecked Sendable {
  /// Default size of a buffer in bytes: large enough that a read's cost is the copy, not the call.
  static let bufferSize = 256 << 10
  /// Free buffers kept for the next read; more are returned to the system.
  private static let spareCountMax = 4
  /// Tasks that may wait for a buffer; those that come later are told to come again.
  private static let waitCountMax = 1024

  private let size: Int
  private let countMax: Int
  private var count = 0
  private var spare: [UnsafeMutableRawBufferPointer] = unsafe []
  private var waiting: [UnsafeContinuation<Void, Never>] = unsafe []

  /// A pool of at most `capacity` bytes in buffers of `size`, one buffer at least.
  init(capacity: Int, size: Int = bufferSize) {
    self.size = size
    countMax = max(1, capacity / size)
  }

  deinit { unsafe spare.forEach { unsafe free($0.baseAddress) } }

  /// A buffer; waits when all are in use, nil when too many wait already or there is no memory.
  func take() async -> ReadBuffer? {
    while true {
      if let buffer = unsafe spare.popLast() { return unsafe ReadBuffer(buffer, pool: self) }
      if count < countMax, let memory = unsafe aligned_alloc(4096, size) {
        count += 1
        return unsafe ReadBuffer(
          UnsafeMutableRawBufferPointer(start: memory, count: size), pool: self)
      }
      // Without a buffer in use there is nothing to wait for.
      guard count > 0, unsafe waiting.count < Self.waitCountMax else { return nil }
      await unsafe withUnsafeContinuation { unsafe waiting.append($0) }
    }
  }

  /// Leaves a buffer to a device until `hold` ends; others may have one in its place meanwhile.
  fileprivate func park(_ buffer: UnsafeMutableRawBufferPointer, until hold: DeviceHold) {
    count -= 1
    hold.whenReturned { unsafe free(buffer.baseAddress) }
    if unsafe !waiting.isEmpty { unsafe waiting.removeFirst().resume() }
  }

  fileprivate func giveBack(_ buffer: UnsafeMutableRawBufferPointer) {
    if unsafe spare.count < Self.spareCountMax || !waiting.isEmpty {
      unsafe spare.append(unsafe buffer)
    } else {
      unsafe free(buffer.baseAddress)
      count -= 1
    }
    if unsafe !waiting.isEmpty { unsafe waiting.removeFirst().resume() }
  }
}
