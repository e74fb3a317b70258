// Whether and when a failed request is sent again, and when a slow one is sent twice.

import Ring

extension FlowCore {
  /// Nanoseconds to wait before attempt number `attempt` + 1; nil when the operation fails instead: also, but for loads, while
  /// the store refuses everything.
  ///
  /// Decorrelated jitter: between the shortest pause and three times the one before, `previous`.
  mutating func retryDelay(
    _ lane: Int, _ purpose: UFSPurpose, attempt: Int, attemptMax: Int, previous: UInt64,
    retryAfter: Duration?,
    now: UInt64
  ) -> UInt64? {
    guard attempt < attemptMax, !isClosed else { return nil }
    if purpose != .load, storms[lanes[lane].window].isFull(now) { return nil }
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

  /// Sends a second request, when there is budget and the store is not busy; nil when it may not go.
  ///
  /// A store that refused something within the last ten seconds, and a gate where anybody waits, get no second requests.
  mutating func beginHedge(_ lane: Int, _ purpose: UFSPurpose, now: UInt64) -> UInt32? {
    guard !isClosed, lanes[lane].waiting == 0, isOpen(lane, purpose, now),
      windows[lanes[lane].window].isCalm(now), budgets[lanes[lane].scope].spend(now: now)
    else { return nil }
    lanes[lane].counts.hedged += 1
    return send(lane, purpose, bytes: 0, now: now)
  }

  /// A request ended because another one for the same bytes was quicker.
  mutating func overtake(_ ticket: FlowTicket, now: UInt64) {
    let state = lanes[ticket.lane]
    guard !ticket.isHedge else { return }
    lanes[ticket.lane].counts.hedgesWon += 1
    // It took at least so long: an estimate of the quick ones alone would make ever more second requests.
    mounts[state.mount].latencies[Int(state.verb.rawValue)].record(
      now > ticket.sentAt ? now - ticket.sentAt : 0)
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
