// The simulation itself: planted bugs that its oracles must find within a few seeds.

import SimSupport
import Testing

@Suite("Canaries of the simulation")
struct SimCanaryTests {
  /// Everything that seeds with `canary` complain of, until `words` are among it.
  private static func complaints(of canary: SimCanary, until words: String) -> [String] {
    var complaints: [String] = []
    for seed in 1...20 as ClosedRange<UInt64> {
      complaints += StoreSimulation(seed: seed, canary: canary).run().failures
      if complaints.contains(where: { $0.contains(words) }) { break }
    }
    return complaints
  }

  @Test(
    "a planted bug is found within 20 seeds, by the oracle that is there for it",
    arguments: [
      (SimCanary.wrongByte, "WRONG BYTE (memory)"), (.keptLease, "held by nobody"),
      (.lostWakeup, "do not end: deadlock"), (.swappedPages, "WRONG BYTE (disk)"),
      (.deafLog, "that the store has not"), (.lostRecord, "its log"),
    ])
  func found(canary: SimCanary, words: String) {
    let complaints = Self.complaints(of: canary, until: words)
    #expect(complaints.contains { $0.contains(words) }, "\(complaints.prefix(5))")
  }
}
