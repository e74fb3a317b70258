import Testing

@testable import UFS

@Suite struct BandwidthLineTests {
  @Test("bytes queue up behind each other, and a line that was idle gives no credit")
  func spacing() {
    var line = BandwidthLine(bytesPerSecond: 1000)
    let found1 = line.reserve(500, now: 0)
    #expect(found1 == 0)
    let found2 = line.reserve(500, now: 0)
    #expect(found2 == 500_000_000)
    let found3 = line.reserve(1000, now: 10_000_000_000)
    #expect(found3 == 0)
    let found4 = line.reserve(1, now: 10_000_000_000)
    #expect(found4 == 1_000_000_000)
  }

  @Test("what was not taken is given back")
  func refund() {
    var line = BandwidthLine(bytesPerSecond: 1000)
    _ = line.reserve(2000, now: 0)
    line.refund(1500)
    let found5 = line.reserve(1, now: 0)
    #expect(found5 == 500_000_000)
    line.refund(.max)
    #expect(line.free == 0)
  }

  @Test("no number of bytes overflows it")
  func bounds() {
    var line = BandwidthLine(bytesPerSecond: 1)
    for _ in 0..<10 { _ = line.reserve(.max, now: .max - 1) }
    let found6 = line.reserve(-5, now: 0)
    #expect(found6 > 0)
    #expect(line.free == .max)
  }
}
