// Received bytes of one connection that were not consumed yet.
//
//   block  [ consumed ][ unread ][ free ]
//          0           start     end     capacity
//
// The block is borrowed from the ring's pool while there is something in it. A head that outgrows it moves to malloc'ed ones.

import Glibc

/// Unconsumed bytes of a connection.
// SAFETY: `block` is owned by this value alone; offsets stay within its capacity.
@safe struct HTTPInput: ~Copyable {
  private var block: UnsafeMutableRawPointer?
  private var capacity = 0
  private var start = 0
  private var end = 0

  init() {}

  deinit { unsafe free(block) }

  /// Whether there is nothing to consume.
  @inline(__always)
  var isEmpty: Bool { start == end }

  /// Whether a block is held.
  var hasBlock: Bool { unsafe block != nil }

  /// The bytes to consume; valid until the input changes.
  @inline(__always)
  var unread: UnsafeRawBufferPointer {
    guard let block = unsafe block else {
      return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    }
    return unsafe UnsafeRawBufferPointer(start: block + start, count: end - start)
  }

  /// Forgets the first `count` unread bytes; they stay where they are until the block is released or written again.
  @inline(__always)
  mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= end - start, "only unread bytes are consumed")
    start += count
  }

  /// Copies `bytes`, at most a block's size, into an input that holds no block.
  @inline(__always)
  mutating func fill(_ bytes: UnsafeRawBufferPointer, from pool: inout HTTPBlockPool) {
    precondition(unsafe block == nil, "an input holds one block")
    precondition(bytes.count <= HTTPHeadWriter.blockSize, "a received piece fits a block")
    let fresh = unsafe pool.take()
    if let base = bytes.baseAddress { unsafe memcpy(fresh, base, bytes.count) }
    unsafe block = unsafe fresh
    capacity = HTTPHeadWriter.blockSize
    start = 0
    end = bytes.count
  }

  /// Moves the unread bytes to the start of the block, or to a larger one, so that there is room to receive; returns the room.
  mutating func makeRoom(from pool: inout HTTPBlockPool) -> UnsafeMutableRawBufferPointer {
    let count = end - start
    if unsafe block == nil {
      unsafe block = unsafe pool.take()
      capacity = HTTPHeadWriter.blockSize
    }
    if count == capacity {
      guard let larger = unsafe malloc(capacity * 2) else {
        preconditionFailure("memory for a head")
      }
      if let old = unsafe block {
        unsafe memcpy(larger, old + start, count)
        if capacity == HTTPHeadWriter.blockSize { unsafe pool.put(old) } else { unsafe free(old) }
      }
      unsafe block = unsafe larger
      capacity *= 2
      start = 0
    } else if start > 0, let block = unsafe block {
      unsafe memmove(block, block + start, count)
      start = 0
    }
    end = count
    guard let block = unsafe block else {
      preconditionFailure("an input that made room has a block")
    }
    return unsafe UnsafeMutableRawBufferPointer(start: block + end, count: capacity - end)
  }

  /// Notes that `count` bytes were received into the room.
  mutating func received(_ count: Int) {
    precondition(count >= 0 && count <= capacity - end, "bytes are received into the room")
    end += count
  }

  /// Gives the block back; what was unread is lost.
  @inline(__always)
  mutating func release(to pool: inout HTTPBlockPool) {
    if let old = unsafe block {
      if capacity == HTTPHeadWriter.blockSize { unsafe pool.put(old) } else { unsafe free(old) }
    }
    unsafe block = nil
    capacity = 0
    start = 0
    end = 0
  }
}
