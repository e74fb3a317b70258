// The machine's monotonic clock, for tests that let the store read it too.

import Glibc

enum AccessTime {
  /// CLOCK_MONOTONIC in nanoseconds.
  static var now: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
