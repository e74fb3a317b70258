// Time and CPU between two moments.

import Glibc

/// The clock and the CPU seconds used, at one moment or between two.
package struct ResourceUse: Sendable {
  /// Nanoseconds of the monotonic clock.
  package var nanoseconds: UInt64
  /// User and system CPU seconds.
  package var cpuSeconds: Double

  /// Whose CPU time it is.
  enum Subject {
    /// This process: all its threads, and the kernel's io_uring workers for it.
    case ownProcess
    /// The children that it waited for.
    case children
  }

  /// Now, for `subject`.
  static func now(_ subject: Subject = .ownProcess) -> ResourceUse {
    var usage = rusage()
    let who = subject == .ownProcess ? RUSAGE_SELF : RUSAGE_CHILDREN
    _ = unsafe getrusage(who.rawValue, &usage)
    let seconds = [usage.ru_utime, usage.ru_stime].reduce(0.0) {
      $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6
    }
    return ResourceUse(nanoseconds: clock(), cpuSeconds: seconds)
  }

  /// What was used since `start`.
  func since(_ start: ResourceUse) -> ResourceUse {
    ResourceUse(
      nanoseconds: nanoseconds - start.nanoseconds, cpuSeconds: cpuSeconds - start.cpuSeconds)
  }

  /// Nanoseconds of the monotonic clock.
  static func clock() -> UInt64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
