// Bytes to send and ways to compare them that stay quick in debug builds.

import Glibc

/// `count` bytes that depend on `seed` and on their place.
package func patterned(_ count: Int, seed: Int) -> [UInt8] {
  var state = UInt32(truncatingIfNeeded: seed) &* 2_654_435_761 | 1
  return (0..<count).map { _ in
    state ^= state << 13
    state ^= state >> 17
    state ^= state << 5
    return UInt8(truncatingIfNeeded: state >> 8)
  }
}

/// Whether both hold the same bytes.
package func identical(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  unsafe left.count == right.count && memcmp(left, right, left.count) == 0
}

/// Whether `bytes` are those of `whole` from `start` on.
package func isPart(_ bytes: [UInt8], of whole: [UInt8], from start: Int) -> Bool {
  guard start >= 0, start <= whole.count, bytes.count <= whole.count - start else { return false }
  return identical(bytes, Array(whole[start..<(start + bytes.count)]))
}

/// The number of bytes that are not `byte`.
package func countOfOthers(than byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int {
  unsafe bytes.reduce(0) { $0 + ($1 == byte ? 0 : 1) }
}
