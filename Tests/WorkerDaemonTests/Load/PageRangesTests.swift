import Testing

@testable import WorkerDaemon

@Suite("PageRanges")
struct PageRangesTests {
  @Test(
    "ranges cover every page once, the last may be short", arguments: [1, 7, 8, 9, 64] as [UInt32])
  func cover(_ pageCount: UInt32) {
    let ranges = PageRanges(pageCount: pageCount, step: 8)
    #expect(ranges.flatMap { $0 } == Array(0..<pageCount))
    #expect(ranges.count == Array(ranges).count)
  }

  @Test("the largest file takes no memory for its ranges")
  func largest() {
    let ranges = PageRanges(pageCount: .max, step: 8)
    #expect(ranges.count == 536_870_912)
    #expect(Array(ranges.prefix(2)) == [0..<8, 8..<16])
    #expect(PageRanges(pageCount: .max, step: .max).map { $0 } == [0..<UInt32.max])
    #expect(PageRanges(pageCount: 0, step: 8).isEmpty)
  }
}
