// Receive buffers that wait in the ring, so that an idle connection holds none.
//
//   ring of `count` buffers of 4 KiB ── kernel takes one when bytes arrive ──▶ owner reads ──▶ giveBack

import CLinux
import Glibc

/// A received piece: the result and, when bytes came, the buffer that holds them.
@safe package struct ProvidedReceive {
  /// Bytes received, 0 at the end of the stream, or -errno.
  package let result: Int32
  /// The bytes; valid until the buffer is given back.
  ///
  /// Empty when nothing came.
  package let bytes: UnsafeRawBufferPointer
  /// Identity of the buffer, to give back; nil when none was taken.
  package let bufferID: UInt16?
}

/// The provided buffers of one ring; confined to its thread.
@safe struct ProvidedBuffers: ~Copyable {
  static let bufferSize = 4096
  static let group: UInt16 = 1

  private let ring: UnsafeMutablePointer<io_uring_buf_ring>
  private let memory: UnsafeMutableRawPointer
  private let count: Int
  private(set) var freeCount: Int
  var waiters: [UnsafeContinuation<Void, Never>] = unsafe []

  /// Registers `count` buffers (a power of two, at most 32768) with the ring.
  init(ring uring: UnsafeMutablePointer<io_uring>, count: Int) throws(RingError) {
    precondition(count > 0, "a ring has receive buffers")
    precondition(count <= 32768, "a buffer ring has at most 32768 entries")
    precondition(count & (count - 1) == 0, "the number of buffers is a power of two")
    unsafe (ring, memory) = try Self.register(uring, count: count)
    self.count = count
    freeCount = count
    unsafe io_uring_buf_ring_init(ring)
    for id in 0..<count { add(UInt16(id), at: id) }
    unsafe io_uring_buf_ring_advance(ring, Int32(count))
  }

  private static func ringSize(_ count: Int) -> Int {
    (count * MemoryLayout<io_uring_buf>.stride + 4095) & ~4095
  }

  /// Maps the buffer ring with its buffers behind it and registers it.
  private static func register(
    _ uring: UnsafeMutablePointer<io_uring>, count: Int
  ) throws(RingError) -> (UnsafeMutablePointer<io_uring_buf_ring>, UnsafeMutableRawPointer) {
    let size = ringSize(count) + count * bufferSize
    let mapped = unsafe mmap(
      nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      throw RingError(.system, operation: "ring.buffers", errno: errno)
    }
    var registration = io_uring_buf_reg()
    registration.ring_addr = UInt64(UInt(bitPattern: mapped))
    registration.ring_entries = UInt32(count)
    registration.bgid = group
    let rc = unsafe io_uring_register_buf_ring(uring, &registration, 0)
    guard rc == 0 else {
      unsafe munmap(mapped, size)
      throw RingError(.unavailable, operation: "ring.buffers", errno: -rc)
    }
    return unsafe (
      mapped.assumingMemoryBound(to: io_uring_buf_ring.self), mapped.advanced(by: ringSize(count))
    )
  }

  deinit {
    unsafe munmap(ring, Self.ringSize(count) + count * Self.bufferSize)
  }

  private func add(_ id: UInt16, at offset: Int) {
    unsafe io_uring_buf_ring_add(
      ring, memory.advanced(by: Int(id) * Self.bufferSize), UInt32(Self.bufferSize), id,
      io_uring_buf_ring_mask(UInt32(count)), Int32(offset))
  }

  /// Reads a completion of a receive with buffer selection.
  mutating func take(_ completion: Completion) -> ProvidedReceive {
    guard completion.flags & IORING_CQE_F_BUFFER != 0 else {
      return unsafe ProvidedReceive(
        result: completion.result, bytes: UnsafeRawBufferPointer(start: nil, count: 0),
        bufferID: nil)
    }
    let id = UInt16(completion.flags >> UInt32(IORING_CQE_BUFFER_SHIFT))
    freeCount -= 1
    let length = max(0, min(Int(completion.result), Self.bufferSize))
    return unsafe ProvidedReceive(
      result: completion.result,
      bytes: UnsafeRawBufferPointer(
        start: memory.advanced(by: Int(id) * Self.bufferSize), count: length),
      bufferID: id)
  }

  /// Returns a buffer to the kernel and lets one waiting receive try again.
  mutating func giveBack(_ id: UInt16) {
    precondition(Int(id) < count, "a buffer that is given back was taken")
    precondition(freeCount < count, "a buffer is given back once")
    add(id, at: 0)
    unsafe io_uring_buf_ring_advance(ring, 1)
    freeCount += 1
    if unsafe !waiters.isEmpty { unsafe waiters.removeFirst().resume() }
  }
}
