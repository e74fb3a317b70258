// Whether and when a failed request is sent again, and when a slow one is sent twice.

import Ring

extension FlowCore {
  /// Nanoseconds to wait before attempt number `attempt` + 1; nil when the operation fails instead.
  ///
  /// Decorrelated jitter: between the shortest pause and three times the one before, `previous`.
  mutating func retryDelay(
    _ lane: Int, attempt: Int, attemptMax: Int, previous: UInt64, retryAfter: Duration?,
    now: UInt64
  ) -> UInt64? {
    guard attempt < attemptMax, !isClosed else { return nil }
    guard budgets[lanes[lane].scope].spend(now: now) else {
      lanes[lane].counts.retriesDenied += 1
      return nil
    }
    lanes[lane].counts.retried += 1
    let shortest = limits.backoffMin.nanoseconds
    let (tripled, overflow) = previous.multipliedReportingOverflow(by: 3)
    let longest = min(limits.backoffMax.nanoseconds, max(shortest, overflow ? .max : tripled))
    let pause = min(shortest, longest) + below(longest - min(shortest, longest) + 1)
    let asked = min(retryAfter ?? .zero, limits.retryAfterMax).nanoseconds
    return max(pause, asked)
  }

  /// The latency after which a second request is worth while; nil while too little is known.
  func hedgeDelay(_ lane: Int, percentile: Double) -> UInt64? {
    let state = lanes[lane]
    return mounts[state.mount].latencies[Int(state.verb.rawValue)].percentile(percentile)
  }

  /// Pays for a second request; false when there is no budget.
  mutating func beginHedge(_ lane: Int, now: UInt64) -> Bool {
    guard !isClosed, budgets[lanes[lane].scope].spend(now: now) else { return false }
    lanes[lane].counts.hedged += 1
    return true
  }

  /// A number below `bound`, 0 for 0 and 1 (SplitMix64).
  private mutating func below(_ bound: UInt64) -> UInt64 {
    random &+= 0x9E37_79B9_7F4A_7C15
    var z = random
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return bound > 1 ? (z ^ z >> 31) % bound : 0
  }
}
