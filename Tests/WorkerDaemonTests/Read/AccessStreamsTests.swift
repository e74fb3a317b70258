// Which requests continue each other, and what is brought ahead of them.

import DaemonDriver
import Testing

@testable import WorkerDaemon

@Suite("AccessStreams")
struct AccessStreamsTests {
  private let bounds = AccessStreams.Bounds(pageSize: 1000, pageCount: 100, windowMax: 8)

  @Test("sequential requests make the window grow, doubling, up to its bound and the file's end")
  func sequential() {
    let bounds = AccessStreams.Bounds(pageSize: 1 << 20, pageCount: 100, windowMax: 8)
    var streams = AccessStreams()
    var ahead: UInt32 = 0
    var windows: [UInt32] = []
    for page in 0..<100 as Range<UInt32> {
      let plan = streams.observe(Int64(page) << 20, 1 << 20, bounds)
      for pages in plan.pages {
        #expect(pages.lowerBound == max(ahead, page + 1), "no page twice")
        ahead = pages.upperBound
        windows.append(ahead - page - 1)
      }
      #expect(ahead <= 100)
      if page >= 2, page < 99 { #expect(ahead > page + 1, "page \(page + 1) is ahead") }
    }
    #expect(Array(windows.prefix(4)) == [1, 2, 4, 8])
    #expect(windows.max() == 8)
    #expect(streams.unused == 0)
  }

  @Test("requests on many connections, a little out of order, are one stream")
  func outOfOrder() {
    let bounds = AccessStreams.Bounds(pageSize: 1 << 20, pageCount: 1000, windowMax: 8)
    var streams = AccessStreams()
    var brought: Set<UInt32> = []
    for group in 0..<20 {
      for step in [1, 0, 3, 2] {
        let offset = Int64(group * 4 + step) << 18
        for pages in streams.observe(offset, 1 << 18, bounds).pages { brought.formUnion(pages) }
      }
    }
    #expect(brought.isSuperset(of: 2..<20))
  }

  @Test("what was brought ahead counts as used when it is read, and once")
  func used() {
    let bounds = AccessStreams.Bounds(pageSize: 1 << 20, pageCount: 40, windowMax: 8)
    var streams = AccessStreams()
    var (issued, used) = (0, 0)
    for page in 0..<40 as Range<Int64> {
      let plan = streams.observe(page << 20, 1 << 20, bounds)
      issued += plan.pages.reduce(0) { $0 + $1.count }
      used += plan.used
      if plan.used > 0 { #expect(plan.expected == UInt32(page)) }
      #expect(streams.observe(page << 20, 1 << 20, bounds) == AccessStreams.Plan(), "again")
    }
    #expect(issued == used)
    #expect(issued == 38)
  }

  @Test("requests at equal distances are met, and nothing between them is brought")
  func strided() {
    let bounds = AccessStreams.Bounds(pageSize: 1 << 20, pageCount: 1000, windowMax: 8)
    var streams = AccessStreams()
    var brought: [UInt32] = []
    var used = 0
    for step in 0..<40 as Range<Int64> {
      let plan = streams.observe(step * (10 << 20), 4096, bounds)
      for pages in plan.pages { brought += pages }
      used += plan.used
      if step >= 5 { #expect(plan.used == 1, "step \(step) was brought ahead") }
    }
    #expect(brought.allSatisfy { $0 % 10 == 0 })
    #expect(Set(brought).count == brought.count)
    #expect(used >= 35)
  }

  @Test("random requests bring nothing")
  func random() {
    let bounds = AccessStreams.Bounds(pageSize: 1 << 20, pageCount: 100_000, windowMax: 8)
    var generator = SeededRandom(seed: 7)
    var streams = AccessStreams()
    var brought = 0
    for _ in 0..<1000 {
      let offset = Int64(generator.next() % (100_000 << 20))
      brought += streams.observe(offset, 4096, bounds).pages.count
    }
    #expect(brought == 0)
  }

  @Test("interleaved streams are told apart")
  func interleaved() {
    let bounds = AccessStreams.Bounds(pageSize: 1 << 20, pageCount: 10_000, windowMax: 4)
    var streams = AccessStreams()
    var used = 0
    for page in 0..<20 as Range<Int64> {
      for base in [0, 2000, 4000, 6000] as [Int64] {
        used += streams.observe((base + page) << 20, 1 << 20, bounds).used
      }
    }
    #expect(used == 4 * 18)
  }

  @Test("a stream that is forgotten gives back what it brought in vain")
  func wasted() {
    let bounds = AccessStreams.Bounds(pageSize: 1 << 20, pageCount: 100_000, windowMax: 8)
    var streams = AccessStreams()
    var (issued, used, wasted) = (0, 0, 0)
    var generator = SeededRandom(seed: 9)
    for round in 0..<200 {
      let base = Int64(generator.next() % 90_000)
      for page in 0..<Int64(1 + round % 6) {
        let plan = streams.observe((base + page) << 20, 1 << 20, bounds)
        issued += plan.pages.reduce(0) { $0 + $1.count }
        used += plan.used
        wasted += plan.wasted
      }
    }
    #expect(issued == used + wasted + streams.unused)
    #expect(wasted > 0)
  }

  @Test("streams that rest bring nothing until they go on")
  func rest() {
    var streams = AccessStreams()
    _ = streams.observe(0, 1000, bounds)
    #expect(!streams.observe(1000, 1000, bounds).pages.isEmpty)
    streams.rest()
    let plan = streams.observe(2000, 1000, bounds)
    #expect(plan.pages.reduce(0) { $0 + $1.count } <= 1)
  }
}
