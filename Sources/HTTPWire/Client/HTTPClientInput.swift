// Received bytes of one client connection that were not consumed yet.
//
//   block  [ consumed ][ unread ][ free ]
//          0           start     end     capacity
//
// A block takes a reply's head and, for a small reply, its whole body in one receive. It is borrowed from the ring's list while
// something is in it; a head that outgrows it moves to larger ones.

import Glibc

/// Unconsumed bytes of a connection.
// SAFETY: `block` is owned by this value alone; offsets stay within its capacity.
@safe struct HTTPClientInput: ~Copyable {
  /// Size of a block in bytes.
  static let blockSize = 16 << 10

  private var block: UnsafeMutableRawPointer?
  private var capacity = 0
  private var start = 0
  private var end = 0

  init() {}

  deinit { unsafe free(block) }

  /// Whether there is nothing to consume.
  var isEmpty: Bool { start == end }

  /// The bytes to consume; valid until the input changes.
  var unread: UnsafeRawBufferPointer {
    guard let block = unsafe block else {
      return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    }
    return unsafe UnsafeRawBufferPointer(start: block + start, count: end - start)
  }

  /// Forgets the first `count` unread bytes.
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

  /// Moves the unread bytes to the start of the block, or to a larger one, so that there is room to receive; returns the room.
  mutating func makeRoom(from blocks: inout HTTPClientBlocks) -> UnsafeMutableRawBufferPointer {
    let count = end - start
    if unsafe block == nil {
      unsafe block = unsafe blocks.take()
      capacity = Self.blockSize
    }
    if count == capacity {
      guard let larger = unsafe malloc(capacity * 2) else {
        preconditionFailure("memory for a head")
      }
      if let old = unsafe block {
        unsafe memcpy(larger, old + start, count)
        if capacity == Self.blockSize { unsafe blocks.put(old) } else { unsafe free(old) }
      }
      unsafe block = unsafe larger
      capacity *= 2
    } else if start > 0, let block = unsafe block {
      unsafe memmove(block, block + start, count)
    }
    start = 0
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
  mutating func release(to blocks: inout HTTPClientBlocks) {
    if let old = unsafe block {
      if capacity == Self.blockSize { unsafe blocks.put(old) } else { unsafe free(old) }
    }
    unsafe block = nil
    capacity = 0
    start = 0
    end = 0
  }
}
