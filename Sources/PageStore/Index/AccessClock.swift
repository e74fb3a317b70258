// Time of access in 48 bits: ticks of 128 ns, which wrap after 417 days. Only differences count.

import CLinux
import Glibc

/// The clock of LRU stamps.
enum AccessClock {
  static let mask: UInt64 = 1 << 48 - 1

  /// The tick of `nanoseconds` of any monotonic clock; a store uses one clock.
  @inline(__always)
  static func tick(_ nanoseconds: UInt64) -> UInt64 { nanoseconds >> 7 & mask }

  /// CLOCK_MONOTONIC in nanoseconds; about 20 ns.
  static var nanoseconds: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
