// Memory for replies' heads: a request borrows a block, an idle connection holds none.

import Glibc

/// Free blocks of one ring.
// SAFETY: the blocks belong to nobody else; the list is confined to its ring's thread.
@safe struct HTTPClientBlocks: ~Copyable {
  /// Most free blocks kept; further ones go back to malloc.
  static let countMax = 64

  private var free: [UnsafeMutableRawPointer] = unsafe []

  init() {}

  deinit { unsafe free.forEach { unsafe Glibc.free($0) } }

  /// A block of `HTTPClientInput.blockSize` bytes; its content is undefined.
  mutating func take() -> UnsafeMutableRawPointer {
    if let block = unsafe free.popLast() { return unsafe block }
    guard let block = unsafe malloc(HTTPClientInput.blockSize) else {
      preconditionFailure("memory for a head")
    }
    return unsafe block
  }

  /// Takes `block` back.
  mutating func put(_ block: UnsafeMutableRawPointer) {
    guard unsafe free.count < Self.countMax else { return unsafe Glibc.free(block) }
    unsafe free.append(block)
  }
}
