// Pauses of the client.

import Glibc
import Ring

/// Waits `nanoseconds`; signals do not shorten it.
func pause(_ nanoseconds: UInt64) {
  let (end, overflow) = monotonicNow().addingReportingOverflow(nanoseconds)
  let deadline = overflow ? UInt64.max : end
  var time = timespec(
    tv_sec: Int(clamping: deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
  while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
}
