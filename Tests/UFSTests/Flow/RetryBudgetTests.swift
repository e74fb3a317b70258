import DaemonDriver
import Testing

@testable import UFS

@Suite struct RetryBudgetTests {
  @Test("retries never exceed the reserve, its refill and a share of the successes, in any order")
  func neverExceeded() {
    for seed in seeds(20) {
      var random = SeededRandom(seed: seed)
      let limits = FlowLimits()
      var budget = RetryBudget(limits)
      var (successes, retries) = (0, 0)
      var now: UInt64 = 0
      _ = budget.spend(now: now)
      retries += 1
      for _ in 0..<5000 {
        now += random.next() % 10_000_000
        if random.below(3) == 0 {
          budget.deposit()
          successes += 1
        } else if budget.spend(now: now) {
          retries += 1
        }
        let most =
          limits.retryReserve + Double(successes) * limits.retryRatio
          + Double(now) / 1e9 * limits.retryRefill
        #expect(Double(retries) <= most + 0.001, "SEED=\(seed)")
      }
    }
  }

  @Test("an empty budget comes back with time, up to its reserve")
  func refill() {
    var budget = RetryBudget(FlowLimits())
    while budget.spend(now: 0) {}
    let found1 = budget.spend(now: 500_000_000)
    #expect(!found1)
    let found2 = budget.spend(now: 1_600_000_000)
    #expect(found2)
    var count = 0
    while budget.spend(now: 3_600_000_000_000) { count += 1 }
    #expect(count == 20)
  }
}
