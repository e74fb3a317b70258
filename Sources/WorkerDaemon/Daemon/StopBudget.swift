// How the time to stop is shared out.

import Ring

/// The one limit of a stop, and what draining may take of it.
struct StopBudget: Sendable {
  /// Most time kept for pages that are to be written, out of reach of slow clients.
  private static let saveMax = Duration.seconds(10)

  /// How long requests in flight may take: the whole time but for a third, of ten seconds at most.
  let drain: Duration
  /// Monotonic nanoseconds until which jobs and policies may take to rest: half of what draining leaves.
  let work: UInt64
  /// Monotonic nanoseconds at which the stop is over.
  let deadline: UInt64
  /// Monotonic nanoseconds until which the catalog may take to close, which is the last to be asked.
  let closing: UInt64

  /// A stop of `limit` that begins at `now`.
  init(_ limit: Duration, from now: UInt64) {
    drain = limit - min(limit / 3, Self.saveMax)
    func time(after duration: Duration) -> UInt64 {
      let (sum, overflow) = now.addingReportingOverflow(duration.nanoseconds)
      return overflow ? .max : sum
    }
    work = time(after: drain + (limit - drain) / 2)
    deadline = time(after: limit)
    closing = time(after: limit + .seconds(1))
  }
}
