import DaemonDriver
import Testing

@testable import UFS

@Suite struct LatencyEstimateTests {
  @Test("nothing is said before a hundred samples")
  func fewSamples() {
    var estimate = LatencyEstimate()
    #expect(estimate.percentile(0.5) == nil)
    for _ in 0..<99 { estimate.record(1_000_000) }
    #expect(estimate.percentile(0.5) == nil)
    estimate.record(1_000_000)
    #expect(estimate.percentile(0.5) != nil)
  }

  @Test("a percentile is at most an eighth above the true one")
  func accuracy() throws {
    for seed in seeds(10) {
      var random = SeededRandom(seed: seed)
      var estimate = LatencyEstimate()
      var samples: [UInt64] = []
      for _ in 0..<2000 {
        let sample = 50_000 + random.next() % 500_000_000
        samples.append(sample)
        estimate.record(sample)
      }
      samples.sort()
      for share in [0.5, 0.9, 0.99] {
        let truth = Double(samples[Int(2000 * share) - 1])
        let found = Double(try #require(estimate.percentile(share)))
        #expect(found >= truth * 0.999 && found <= truth * 1.13, "SEED=\(seed) \(share)")
      }
    }
  }

  @Test("what was long ago is forgotten")
  func forgets() throws {
    var estimate = LatencyEstimate()
    for _ in 0..<10_000 { estimate.record(1_000_000_000) }
    for _ in 0..<30_000 { estimate.record(1_000_000) }
    #expect(try #require(estimate.percentile(0.99)) < 2_000_000)
  }

  @Test("the smallest and the largest latency have a bucket")
  func extremes() {
    var estimate = LatencyEstimate()
    for _ in 0..<100 {
      estimate.record(0)
      estimate.record(.max)
    }
    #expect((estimate.percentile(0.1) ?? 0) < 20_000)
    #expect((estimate.percentile(1) ?? 0) > 3_000_000_000_000)
  }
}
