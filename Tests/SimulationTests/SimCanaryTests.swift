// The simulation itself: planted bugs that its oracles must find within a few seeds.

import SimSupport
import Testing

@Suite("Canaries of the simulation")
struct SimCanaryTests {
  /// What the first seed that finds `canary` complains of.
  private static func complaint(of canary: SimCanary) -> String? {
    for seed in 1...20 as ClosedRange<UInt64> {
      let report = StoreSimulation(seed: seed, canary: canary).run()
      if let failure = report.failures.first { return failure }
    }
    return nil
  }

  @Test(
    "a planted bug is found within 20 seeds, by the oracle that is there for it",
    arguments: [
      (SimCanary.wrongByte, "WRONG BYTE"), (.keptLease, "stay after"),
      (.lostWakeup, "do not end"),
    ])
  func found(canary: SimCanary, words: String) throws {
    let complaint = try #require(Self.complaint(of: canary), "\(canary) was not found")
    #expect(complaint.contains(words))
  }
}
