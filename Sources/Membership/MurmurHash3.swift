// MurmurHash3, x86, 32 bits: the hash of the ring (compat §4.1). Austin Appleby's algorithm, public domain.
//
// A key is a run of bytes with one little-endian word behind it (an attempt, a point), hashed without being joined.

/// The 32-bit hash of the ring.
package enum MurmurHash3 {
  private static let c1: UInt32 = 0xCC9E_2D51
  private static let c2: UInt32 = 0x1B87_3593

  /// The hash of `bytes`, seed 0.
  package static func hash(_ bytes: [UInt8]) -> Int32 {
    unsafe bytes.withUnsafeBytes { bytes in
      var state: UInt32 = 0
      unsafe mixBlocks(of: bytes, into: &state)
      let rest = unsafe tail(of: bytes)
      if bytes.count % 4 != 0 { state ^= scramble(rest) }
      return finish(state, count: bytes.count)
    }
  }

  /// The hash of `bytes` and the four bytes of `word`, seed 0.
  static func hash(_ bytes: UnsafeRawBufferPointer, followedBy word: UInt32) -> Int32 {
    var state: UInt32 = 0
    unsafe mixBlocks(of: bytes, into: &state)
    let shift = UInt64(8 * (bytes.count % 4))
    let rest = unsafe UInt64(tail(of: bytes)) | UInt64(word) << shift
    mix(UInt32(truncatingIfNeeded: rest), into: &state)
    if shift != 0 { state ^= scramble(UInt32(truncatingIfNeeded: rest >> 32)) }
    return finish(state, count: bytes.count + 4)
  }

  private static func mixBlocks(of bytes: UnsafeRawBufferPointer, into state: inout UInt32) {
    var offset = 0
    while offset + 4 <= bytes.count {
      let block = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      mix(UInt32(littleEndian: block), into: &state)
      offset += 4
    }
  }

  /// The last one to three bytes, the first of them lowest; 0 when there is none.
  private static func tail(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    var value: UInt32 = 0
    let start = bytes.count & ~3
    for offset in start..<bytes.count {
      value |= unsafe UInt32(bytes[offset]) << UInt32(8 * (offset - start))
    }
    return value
  }

  private static func mix(_ block: UInt32, into state: inout UInt32) {
    state ^= scramble(block)
    state = state << 13 | state >> 19
    state = state &* 5 &+ 0xE654_6B64
  }

  private static func scramble(_ block: UInt32) -> UInt32 {
    let value = block &* c1
    return (value << 15 | value >> 17) &* c2
  }

  private static func finish(_ state: UInt32, count: Int) -> Int32 {
    var hash = state ^ UInt32(truncatingIfNeeded: count)
    hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
    hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
    return Int32(bitPattern: hash ^ hash >> 16)
  }
}
