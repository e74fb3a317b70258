// The monotonic clock, for threads that have no reactor to ask.

import Glibc

/// Nanoseconds of the monotonic clock.
package func monotonicNow() -> UInt64 {
  var time = timespec()
  // This clock cannot fail; the address is this frame's own.
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
