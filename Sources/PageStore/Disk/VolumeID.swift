// The identity of a disk volume: made once, written in its superblock and its log, part of every checksum.

internal import CLinux
import Glibc

/// 128 random bits.
package struct VolumeID: Hashable, Sendable, CustomStringConvertible {
  /// Most significant half.
  package let high: UInt64
  /// Least significant half.
  package let low: UInt64

  /// An identity from its halves.
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A new identity; nil when the kernel has no random bytes.
  static func make() -> VolumeID? {
    var words: (UInt64, UInt64) = (0, 0)
    let rc = unsafe withUnsafeMutableBytes(of: &words) { bytes in
      unsafe pen_random(bytes.baseAddress, bytes.count)
    }
    return rc == 0 ? VolumeID(high: words.0, low: words.1) : nil
  }

  package var description: String {
    let digits = [high, low].map { word in
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    return digits.joined()
  }
}
