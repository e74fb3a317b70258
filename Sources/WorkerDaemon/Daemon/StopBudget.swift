// How the time to stop is shared out.

import Ring

/// The one limit of a stop, and what draining may take of it.
struct StopBudget: Sendable {
  /// Most time kept for pages that are to be written, out of reach of slow clients.
  private static let saveMax = Duration.seconds(10)

  /// How long requests in flight may take: the whole time but for a third, of ten seconds at most.
  let drain: Duration
  /// Monotonic nanoseconds at which the stop is over.
  let deadline: UInt64

  /// A stop of `limit` that begins at `now`.
  init(_ limit: Duration, from now: UInt64) {
    drain = limit - min(limit / 3, Self.saveMax)
    let (sum, overflow) = now.addingReportingOverflow(limit.nanoseconds)
    deadline = overflow ? .max : sum
  }
}
