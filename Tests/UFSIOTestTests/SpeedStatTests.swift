// The figures of one direction.

import Testing
import UFSIOTest

@Suite("Speed figures")
struct SpeedStatTests {
  @Test("the deviation is the root of the sum of squares, the average one stream's rate")
  func formulas() {
    let mebibyte: Int64 = 1 << 20
    let stat = SpeedStat([
      StreamPoint(direction: .read, seconds: 1, bytes: 10 * mebibyte),
      StreamPoint(direction: .read, seconds: 2, bytes: 10 * mebibyte),
    ])
    #expect(stat.totalDurationSeconds == 3 && stat.totalSizeBytes == 20 * mebibyte)
    #expect(stat.maxSpeed == 10 && stat.minSpeed == 5)
    let average = 20.0 / 3
    #expect(abs(stat.averageSpeed - average) < 1e-9)
    let sum = (10 - average) * (10 - average) + (5 - average) * (5 - average)
    #expect(abs(stat.deviation - sum.squareRoot()) < 1e-9)
    #expect(stat.clusterSpeed == 15)
  }

  @Test("without points every figure is 0")
  func empty() {
    #expect(SpeedStat([]) == SpeedStat([StreamPoint(direction: .read, seconds: 0, bytes: 5)]))
    #expect(SpeedStat([]).maxSpeed == 0)
  }
}
