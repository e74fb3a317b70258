// Pauses between attempts: 50 ms, twice as long each time, never longer than 3 s, for at most two minutes in all.

import Ring

/// The patience of one operation.
struct RetryPause {
  private let options: ClientOptions
  private let deadline: UInt64
  private var next: UInt64
  private var random = SystemRandomNumberGenerator()

  /// Pauses until `deadline`, which counts from the operation's begin.
  init(_ options: ClientOptions, until deadline: UInt64) {
    self.options = options
    self.deadline = deadline
    next = max(1_000_000, options.retryBase)
  }

  /// Waits before another attempt; false when there is no time for one.
  mutating func wait(after error: ClientError) -> Bool {
    let told = UInt64(error.retryAfter) &* 1_000_000
    let length = max(told, UInt64.random(in: next / 2...next, using: &random))
    next = min(next &* 2, max(1_000_000, options.retryLongest))
    let now = monotonicNow()
    guard now < deadline, length < deadline - now else { return false }
    pause(length)
    return true
  }
}
