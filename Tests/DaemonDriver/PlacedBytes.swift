// Bytes that can be told at any place of an endless stream, so that a part of a file is compared without the whole.

/// A stream of bytes in which each depends on the seed and on its place; two seeds share no long run.
package struct PlacedBytes: Sendable {
  private let seed: UInt64

  /// The stream of `seed`.
  package init(seed: UInt64) { self.seed = Self.mixed(seed) }

  /// The bytes at `range` of the stream.
  package func bytes(_ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count + 16)
    var position = range.lowerBound & ~7
    while position < range.upperBound {
      unsafe withUnsafeBytes(of: word(at: position >> 3)) { unsafe bytes.append(contentsOf: $0) }
      position += 8
    }
    bytes.removeLast(position - max(range.upperBound, range.lowerBound & ~7))
    bytes.removeFirst(min(range.lowerBound & 7, bytes.count))
    return bytes
  }

  /// The number of `bytes` that are not those of the stream from `start` on.
  package func countOfDifferences(in bytes: [UInt8], from start: Int) -> Int {
    let expected = self.bytes(start..<(start + bytes.count))
    guard !identical(bytes, expected) else { return 0 }
    return zip(bytes, expected).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
  }

  private func word(at index: Int) -> UInt64 {
    Self.mixed(seed &+ UInt64(truncatingIfNeeded: index) &* 0x9e37_79b9_7f4a_7c15).littleEndian
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var word = value &+ 0x9e37_79b9_7f4a_7c15
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}
