// Blocks for heads, in and out: a request borrows them, an idle connection holds none.

import Glibc

/// Free blocks of one size of one ring, last in, first out, so that the next request finds its block in the CPU's cache.
// SAFETY: the list is threaded through blocks that nobody else holds; the pool is confined to its ring's thread.
@safe struct HTTPBlockPool: ~Copyable {
  /// Size of each block in bytes.
  let blockSize: Int
  /// Most free blocks kept; further ones go back to malloc.
  private let countMax: Int

  private var first: UnsafeMutableRawPointer?
  private var count = 0

  /// An empty pool of blocks of `blockSize` bytes that keeps at most `countMax` of them.
  init(blockSize: Int, countMax: Int) {
    precondition(blockSize >= MemoryLayout<Int>.size, "a free block holds a link")
    self.blockSize = blockSize
    self.countMax = countMax
  }

  deinit {
    var block = unsafe first
    while let current = unsafe block {
      unsafe block = unsafe current.load(as: UnsafeMutableRawPointer?.self)
      unsafe free(current)
    }
  }

  /// A block of `blockSize` bytes from malloc; its content is undefined.
  @inline(__always)
  mutating func take() -> UnsafeMutableRawPointer {
    if let block = unsafe first {
      unsafe first = unsafe block.load(as: UnsafeMutableRawPointer?.self)
      count -= 1
      return unsafe block
    }
    // A process that cannot get these few bytes cannot report it either.
    guard let block = unsafe malloc(blockSize) else { preconditionFailure("memory for a head") }
    return unsafe block
  }

  /// Takes `block` back.
  @inline(__always)
  mutating func put(_ block: UnsafeMutableRawPointer) {
    guard count < countMax else { return unsafe free(block) }
    unsafe block.storeBytes(of: first, as: UnsafeMutableRawPointer?.self)
    unsafe first = unsafe block
    count += 1
  }
}
