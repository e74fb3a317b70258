// Which submissions the log tells one by one, and which it sums up: ids sort by age, so that a range names them all.

import Scheduler

/// A bound on lines about submissions.
struct SubmissionLog {
  /// Submissions of which nothing was told.
  struct LeftOut: Equatable {
    /// How many.
    var count: Int
    /// The oldest and the youngest.
    var first: JobID
    var last: JobID
  }

  /// Lines of a second.
  static let countMax = 100
  private static let second: UInt64 = 1_000_000_000

  private var begin: UInt64 = 0
  private var count = 0
  private var leftOut: LeftOut?

  /// Nothing told.
  init() {}

  /// Whether a submission at `now`, in monotonic nanoseconds, is told; one that is not is counted.
  mutating func isTold(_ id: JobID, at now: UInt64) -> Bool {
    // What was left out of the second before is told first, see `takeLeftOut`.
    if now &- begin >= Self.second { (begin, count) = (now, 0) }
    count += 1
    guard count > Self.countMax else { return true }
    if var rest = leftOut {
      (rest.count, rest.last) = (rest.count + 1, max(rest.last, id))
      rest.first = min(rest.first, id)
      leftOut = rest
    } else {
      leftOut = LeftOut(count: 1, first: id, last: id)
    }
    return false
  }

  /// What was left out of a second that is over at `now`; nil when nothing was.
  mutating func takeLeftOut(at now: UInt64) -> LeftOut? {
    guard let rest = leftOut, now &- begin >= Self.second else { return nil }
    leftOut = nil
    return rest
  }

  /// When `takeLeftOut` has something; nil when nothing was left out.
  var due: UInt64? { leftOut == nil ? nil : begin &+ Self.second }
}
