// Buckets of latencies.

import Model
import Testing

@Suite("Latency histogram")
struct LatencyHistogramTests {
  @Test("percentiles are at most 1/128 above the truth, at every scale")
  func percentiles() {
    for scale: UInt64 in [1, 1000, 1_000_000, 1 << 40] {
      var histogram = LatencyHistogram()
      for value in UInt64(1)...1000 { histogram.add(value * scale) }
      for (share, value) in [(0.5, UInt64(500)), (0.9, 900), (0.99, 990), (0.999, 999)] {
        let found = histogram.percentile(share)
        #expect(found >= value * scale && found <= value * scale + value * scale / 128 + 1)
      }
      #expect(histogram.percentile(1) == 1000 * scale)
    }
  }

  @Test("the longest possible latency and none at all are counted")
  func ends() {
    var histogram = LatencyHistogram()
    #expect(histogram.percentile(0.5) == 0)
    histogram.add(.max)
    histogram.add(0)
    #expect(histogram.percentile(1) == .max && histogram.percentile(0.5) == 0)
  }

  @Test("a sum has the counts of both")
  func sums() {
    var (left, right) = (LatencyHistogram(), LatencyHistogram())
    for _ in 0..<3 { left.add(10) }
    right.add(1000)
    left.add(right)
    var none = LatencyHistogram()
    none.add(left)
    #expect(none.count == 4 && none.longest == 1000 && none.percentile(0.75) == 10)
  }
}
