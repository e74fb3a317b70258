// The page store under simulation: fixed seeds, each with its own sizes, faults, tasks and crashes.

import Glibc
import SimSupport
import Testing

@Suite("Page store in simulation")
struct StoreSimulationTests {
  /// The seeds to run: SEED alone when it is set.
  static let seeds: [UInt64] = {
    if let text = getenv("SEED"), let seed = UInt64(String(cString: text)) { return [seed] }
    return Array(1...50)
  }()

  @Test("every byte, every unit and every lease is right, whatever fails", arguments: seeds)
  func seed(_ seed: UInt64) {
    let report = StoreSimulation(seed: seed).run()
    #expect(report.failures.isEmpty, "\(report.text)")
  }

  @Test("a seed repeats itself event by event")
  func repeats() {
    for seed in 1...5 as ClosedRange<UInt64> {
      let (first, second) = (StoreSimulation(seed: seed).run(), StoreSimulation(seed: seed).run())
      #expect(first.hash == second.hash, "SEED=\(seed)")
      #expect(first.counts == second.counts, "SEED=\(seed)")
    }
  }
}
