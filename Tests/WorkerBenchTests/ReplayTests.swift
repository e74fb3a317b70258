// Policies and the optimum on traces whose answers are known.

import BenchSupport
import Testing

@testable import worker_bench

@Suite("Replays")
struct ReplayTests {
  private static let pageSize = 64 << 10

  @Test("help shows a size as people write it, and reads it back")
  func sizes() {
    for (bytes, text) in [
      (1 << 20, "1MiB"), (64 << 10, "64KiB"), (3 << 40, "3TiB"), (1000, "1000"),
    ] {
      #expect(ByteSize(bytes: bytes).defaultValueDescription == text)
      #expect(ByteSize(argument: text)?.bytes == bytes)
    }
    #expect(ByteSize(bytes: 0).defaultValueDescription == "0")
  }

  /// A trace of reads of whole pages, each a file of its own, by number.
  private func trace(_ pages: [Int]) throws -> TracePages {
    var trace = Trace()
    for (time, page) in pages.enumerated() {
      trace.append(time: UInt64(time), file: "\(page)", offset: 0, length: Self.pageSize)
    }
    return try #require(TracePages(trace, pageSize: Self.pageSize))
  }

  /// The most page hits of any cache of `capacity` pages, by trying everything.
  private func mostHits(_ pages: [Int], capacity: Int) -> Int {
    var memory: [[Int]: Int] = [:]
    func most(_ position: Int, _ cached: Set<Int>) -> Int {
      guard position < pages.count else { return 0 }
      let key = [position] + cached.sorted()
      if let known = memory[key] { return known }
      let page = pages[position]
      var best = most(position + 1, cached)
      if cached.contains(page) {
        best += 1
      } else {
        let room = cached.union([page])
        if room.count <= capacity {
          best = max(best, most(position + 1, room))
        } else {
          for victim in cached { best = max(best, most(position + 1, room.subtracting([victim]))) }
        }
      }
      memory[key] = best
      return best
    }
    return most(0, [])
  }

  @Test("the optimum has as many hits as the best of all choices", arguments: 0..<300)
  func bruteForce(seed: Int) throws {
    var random = SampleGenerator(seed: UInt64(seed))
    let capacity = 1 + random.number(below: 3)
    let pages = (0..<2 + random.number(below: 12)).map { _ in random.number(below: 6) }
    let hits = OfflineOptimum.hits(
      try trace(pages), unitCount: capacity * TracePages.unitsPerPage)
    #expect(hits.pageHits == mostHits(pages, capacity: capacity), "SEED=\(seed): \(pages)")
    #expect(hits.pages == pages.count)
  }

  @Test("the textbook's reference string has the textbook's hits")
  func textbook() throws {
    // Three frames: 9 faults by the optimum, 12 by least recently used, of 20.
    let pages = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1]
    let trace = try trace(pages)
    let units = 3 * TracePages.unitsPerPage
    #expect(OfflineOptimum.hits(trace, unitCount: units).pageHits >= 11)
    #expect(try PolicyReplay.hits(trace, policy: "lru", unitCount: units).pageHits == 8)
    #expect(try PolicyReplay.hits(trace, policy: "fifo", unitCount: units).pageHits == 5)
  }

  @Test("FIFO has Belady's anomaly: more frames, fewer hits")
  func anomaly() throws {
    let trace = try trace([1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5])
    let units = TracePages.unitsPerPage
    #expect(try PolicyReplay.hits(trace, policy: "fifo", unitCount: 3 * units).pageHits == 3)
    #expect(try PolicyReplay.hits(trace, policy: "fifo", unitCount: 4 * units).pageHits == 2)
  }

  @Test("LFU keeps what was used often, LRU what was used last")
  func frequency() throws {
    let trace = try trace([0, 0, 0, 1, 2, 0])
    let units = 2 * TracePages.unitsPerPage
    #expect(try PolicyReplay.hits(trace, policy: "lfu", unitCount: units).pageHits == 3)
    #expect(try PolicyReplay.hits(trace, policy: "lru", unitCount: units).pageHits == 2)
  }

  @Test("a scan pushes the hot pages out of LRU, and not out of S3-FIFO or LFU")
  func scan() throws {
    let hot = Array(0..<20)
    // Each hot page is used eight times, then a thousand others once, then the hot ones again.
    let pages = (0..<8).flatMap { _ in hot } + Array(100..<1100) + hot
    let trace = try trace(pages)
    let units = 40 * TracePages.unitsPerPage
    #expect(try PolicyReplay.hits(trace, policy: "lru", unitCount: units).pageHits == 140)
    #expect(try PolicyReplay.hits(trace, policy: "fifo", unitCount: units).pageHits == 140)
    #expect(try PolicyReplay.hits(trace, policy: "s3fifo", unitCount: units).pageHits == 160)
    // LFU's counts age: of fifteen halvings a few pages bear more than one, and leave.
    let lfu = try PolicyReplay.hits(trace, policy: "lfu", unitCount: units).pageHits
    #expect((150...160).contains(lfu), "\(lfu)")
    #expect(OfflineOptimum.hits(trace, unitCount: units).pageHits == 160)
  }

  @Test("no policy beats the optimum on pages of one size", arguments: PolicyReplay.policies)
  func bound(policy: String) throws {
    var random = SampleGenerator(seed: 11)
    let pages = (0..<20_000).map { _ in random.number(below: 1 + random.number(below: 400)) }
    let trace = try trace(pages)
    for count in [1, 7, 64, 200, 400] {
      let units = count * TracePages.unitsPerPage
      let hits = try PolicyReplay.hits(trace, policy: policy, unitCount: units)
      let optimum = OfflineOptimum.hits(trace, unitCount: units)
      #expect(hits.pageHits <= optimum.pageHits, "\(count) pages")
      #expect(hits.pages == optimum.pages && hits.requests == 20_000)
    }
  }

  @Test("what fits is missed once, by every policy", arguments: PolicyReplay.policies)
  func allFits(policy: String) throws {
    let pages = (0..<5).flatMap { _ in Array(0..<50) }
    let hits = try PolicyReplay.hits(
      try trace(pages), policy: policy, unitCount: 50 * TracePages.unitsPerPage)
    #expect(hits.pageHits == 200 && hits.evictions == 0)
  }

  @Test("a loop one page longer than the cache never hits with LRU")
  func loop() throws {
    let pages = (0..<10).flatMap { _ in Array(0..<33) }
    let trace = try trace(pages)
    let units = 32 * TracePages.unitsPerPage
    #expect(try PolicyReplay.hits(trace, policy: "lru", unitCount: units).pageHits == 0)
    // The optimum keeps 32 of the 33 pages in each round but for one exchange.
    #expect(OfflineOptimum.hits(trace, unitCount: units).pageHits == 9 * 32)
  }

  @Test("a request hits when all its pages do, and a byte when its page does")
  func requestsAndBytes() throws {
    var trace = Trace()
    let size = Self.pageSize
    trace.append(time: 0, file: "a", offset: 0, length: size)
    trace.append(time: 1, file: "a", offset: size / 2, length: size)
    trace.append(time: 2, file: "a", offset: size, length: 10)
    trace.append(time: 3, file: "a", offset: 3 * size / 2 - 1, length: 1)
    let pages = try #require(TracePages(trace, pageSize: size))
    let hits = try PolicyReplay.hits(pages, policy: "lru", unitCount: 64)
    #expect(hits.requests == 4 && hits.requestHits == 2)
    #expect(hits.bytes == 2 * size + 11 && hits.byteHits == size / 2 + 11)
    #expect(hits.pages == 5 && hits.pageHits == 3)
    #expect(OfflineOptimum.hits(pages, unitCount: 64).byteHits == hits.byteHits)
  }

  @Test("pages of several sizes never use more than the capacity")
  func mixedSizes() throws {
    var trace = Trace()
    var random = SampleGenerator(seed: 5)
    for time in 0..<3000 {
      let file = random.number(below: 200)
      trace.append(
        time: UInt64(time), file: "\(file)", offset: 0, length: 1 + file * Self.pageSize / 200)
    }
    let pages = try #require(TracePages(trace, pageSize: Self.pageSize))
    let small = OfflineOptimum.hits(pages, unitCount: 64)
    let large = OfflineOptimum.hits(pages, unitCount: pages.unitCount)
    #expect(small.pageHits < large.pageHits)
    #expect(large.pageHits == 3000 - pages.pages.count && large.evictions == 0)
  }
}
