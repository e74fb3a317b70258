// The bytes that the test writes, and how it knows them again.
//
//   one block of noise, the same in every stream ── each 4 KiB begins with a word of (file, offset) ──▶ expected bytes
//
// Making the next buffer costs one store per 4 KiB, comparing it one memcmp: both far below the cost of moving it. A unit
// of another file, another place or another run differs in its first word; a byte anywhere differs from the noise.

import Glibc

/// The expected bytes of one stream, one buffer at a time.
// SAFETY: the memory belongs to this value alone and lives as long as it does.
@safe final class TestBytes {
  /// Bytes between two words that name their place.
  static let unit = 4096

  private let memory: UnsafeMutableRawBufferPointer
  private let seed: UInt64

  /// The bytes of the file called `name`, of which at most `size` are asked for at a time.
  init(name: String, size: Int) {
    precondition(size > 0, "a buffer has bytes")
    unsafe memory = .allocate(byteCount: (size + 4095) & ~4095, alignment: 4096)
    seed = name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    var word: UInt64 = 0x9e37_79b9_7f4a_7c15
    for offset in unsafe stride(from: 0, to: memory.count, by: 8) {
      word ^= word << 13
      word ^= word >> 7
      word ^= word << 17
      unsafe memory.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
    }
  }

  deinit { unsafe memory.deallocate() }

  /// The `count` bytes at `offset`, which is a multiple of the unit; valid until the next call.
  func expected(_ count: Int, at offset: Int64) -> UnsafeRawBufferPointer {
    precondition(offset % Int64(Self.unit) == 0, "buffers begin at whole units")
    unsafe precondition(count <= memory.count, "a stream asks for what it has room for")
    for start in stride(from: 0, to: count, by: Self.unit) {
      let place = UInt64(truncatingIfNeeded: offset) &+ UInt64(start)
      let word = (seed ^ place) &* 0x9e37_79b9_7f4a_7c15
      unsafe memory.storeBytes(of: word, toByteOffset: start, as: UInt64.self)
    }
    return unsafe UnsafeRawBufferPointer(rebasing: memory[..<count])
  }

  /// Where the first unit of `bytes` is that is not the one at its place; nil when all are those at `offset`.
  func mismatch(in bytes: UnsafeRawBufferPointer, at offset: Int64) -> Int64? {
    let wanted = unsafe expected(bytes.count, at: offset)
    guard let left = bytes.baseAddress, let right = wanted.baseAddress,
      unsafe memcmp(left, right, bytes.count) != 0
    else { return nil }
    for start in stride(from: 0, to: bytes.count, by: Self.unit) {
      let count = min(Self.unit, bytes.count - start)
      // SAFETY: both are `bytes.count` long.
      if unsafe memcmp(left + start, right + start, count) != 0 { return offset + Int64(start) }
    }
    return nil
  }
}
