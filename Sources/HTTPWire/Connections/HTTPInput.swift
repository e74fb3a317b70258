// Received bytes of one connection that were not consumed yet.
//
//   block  [ consumed ][ unread ][ free ]
//          0           start     end     capacity
//
// The block is borrowed from the ring's pool while there is something in it. A head that outgrows it moves to malloc'ed ones.
// On the client's side a block takes a reply's head and, for a small reply, its whole body in one receive.

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

  /// Bytes received and not consumed.
  var unreadCount: Int { end - start }

  /// Forgets the first `count` unread bytes; they stay where they are until the block is released or written again.
  @inline(__always)
  mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= end - start, "only unread bytes are consumed")
    start += count
  }

  /// Moves what is unread into `target`, as far as it fits; returns how many bytes.
  mutating func take(into target: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(end - start, target.count)
    if count > 0, let from = unsafe block, let to = target.baseAddress {
      unsafe memcpy(to, from + start, count)
      start += count
    }
    return count
  }

  /// Copies `bytes`, at most a block's size, into an input that holds no block.
  @inline(__always)
  mutating func fill(_ bytes: UnsafeRawBufferPointer, from pool: inout HTTPBlockPool) {
    precondition(unsafe block == nil, "an input holds one block")
    precondition(bytes.count <= pool.blockSize, "a received piece fits a block")
    let fresh = unsafe pool.take()
    if let base = bytes.baseAddress { unsafe memcpy(fresh, base, bytes.count) }
    unsafe block = unsafe fresh
    capacity = pool.blockSize
    start = 0
    end = bytes.count
  }

  /// Moves the unread bytes to the start of the block, or to a larger one, so that there is room to receive; returns the room.
  mutating func makeRoom(from pool: inout HTTPBlockPool) -> UnsafeMutableRawBufferPointer {
    let count = end - start
    let room = unsafe roomyBlock(count, from: &pool)
    unsafe block = unsafe room
    start = 0
    end = count
    return unsafe UnsafeMutableRawBufferPointer(start: room + count, count: capacity - count)
  }

  /// A block of `capacity` bytes with the `count` unread ones at its start and room behind them.
  private mutating func roomyBlock(
    _ count: Int, from pool: inout HTTPBlockPool
  ) -> UnsafeMutableRawPointer {
    guard let old = unsafe block else {
      capacity = pool.blockSize
      return unsafe pool.take()
    }
    guard count == capacity else {
      if start > 0 { unsafe memmove(old, old + start, count) }
      return unsafe old
    }
    guard let larger = unsafe malloc(capacity * 2) else {
      preconditionFailure("memory for a head")
    }
    // Full: what is unread begins where the block does.
    unsafe memcpy(larger, old, count)
    giveBack(to: &pool)
    capacity = count * 2
    return unsafe larger
  }

  /// Notes that `count` bytes were received into the room.
  mutating func received(_ count: Int) {
    precondition(count >= 0 && count <= capacity - end, "bytes are received into the room")
    end += count
  }

  /// Gives the block back; what was unread is lost.
  @inline(__always)
  mutating func release(to pool: inout HTTPBlockPool) {
    giveBack(to: &pool)
    start = 0
    end = 0
  }

  /// Gives the block back, to where it came from.
  @inline(__always)
  private mutating func giveBack(to pool: inout HTTPBlockPool) {
    if let old = unsafe block {
      if capacity == pool.blockSize { unsafe pool.put(old) } else { unsafe free(old) }
    }
    unsafe block = nil
    capacity = 0
  }
}
