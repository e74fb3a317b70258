// Retries as a share of successes: what keeps a failing store from being asked more often than a healthy one.

/// A token bucket that successes fill and retries empty.
struct RetryBudget: Sendable {
  /// Most tokens kept above the reserve: the retries of a burst of failures after a long calm.
  static let savedMax = 500.0

  private let ratio: Double
  private let reserve: Double
  private let refill: Double
  private var tokens: Double
  private var refilledAt: UInt64?

  /// A budget with its reserve full.
  init(_ limits: FlowLimits) {
    ratio = limits.retryRatio
    reserve = limits.retryReserve
    refill = limits.retryRefill
    tokens = reserve
  }

  /// A request succeeded.
  @inline(__always)
  mutating func deposit() { tokens = min(reserve + Self.savedMax, tokens + ratio) }

  /// Pays for one retry; false when there is nothing to pay with.
  mutating func spend(now: UInt64) -> Bool {
    let last = refilledAt ?? now
    refilledAt = max(now, last)
    if tokens < reserve, now > last {
      tokens = min(reserve, tokens + Double(now - last) / 1e9 * refill)
    }
    guard tokens >= 1 else { return false }
    tokens -= 1
    return true
  }
}
