// How many errors happened lately: the times of the newest ones, no timer.

/// Times of the newest errors of one kind.
struct ErrorBudget {
  private let window: UInt64
  private var times: [UInt64]
  private var next = 0
  /// Errors since the start.
  private(set) var total: UInt64 = 0

  /// A budget that tells numbers up to `limit` apart.
  init(limit: Int, window: UInt64) {
    precondition(limit > 0, "a budget is spent by an error")
    self.window = window
    times = []
    times.reserveCapacity(limit)
    self.limit = limit
  }

  private let limit: Int

  /// Counts an error at `now` and returns how many there were in the window, at most the limit.
  mutating func spend(at now: UInt64) -> Int {
    total &+= 1
    if times.count < limit {
      times.append(now)
    } else {
      times[next] = now
      next = (next + 1) % limit
    }
    let start = now > window ? now - window : 0
    return times.count { $0 >= start }
  }

  /// Forgets the errors of the window; the total stays.
  mutating func clear() {
    times.removeAll(keepingCapacity: true)
    next = 0
  }
}
