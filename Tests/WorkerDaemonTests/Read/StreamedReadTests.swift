// Bytes on their way from a slow UFS to clients: first ones early, all of them right, and none after a failure.

import Model
import PageStore
import Ring
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

@Suite("Streamed reads")
struct StreamedReadTests {
  private let first = 64 << 10

  @Test("a reader and those who join it get their first bytes while the page is still coming")
  func firstBytesEarly() async throws {
    let bytes = pattern(1 << 20, seed: 1)
    try await StreamFixture.run(permits: 1) { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      let owner = try await fixture.get("/a")
      #expect(try await owner.head().contains("Content-Length: 1048576\r\n"))
      #expect(try await owner.bytes(first) == Array(bytes[..<first]))
      let joiner = try await fixture.get("/a", range: 1000...200_000)
      #expect(try await joiner.head().contains("Content-Range: bytes 1000-200000/1048576\r\n"))
      #expect(try await joiner.bytes(first - 1000) == Array(bytes[1000..<first]))
      #expect(try await fixture.resident("/a") == 0)
      fixture.gate.release()
      #expect(try await joiner.bytes(200_001 - first) == Array(bytes[first...200_000]))
      #expect(try await owner.bytes((1 << 20) - first) == Array(bytes[first...]))
      #expect(fixture.ufs.readCount == 5, "every byte is read once")
      #expect(fixture.ufs.announced == [0..<1 << 20])
      #expect(try await fixture.resident("/a") == 1 << 20)
    }
  }

  @Test("a file that changes while its page is coming ends every response, and no byte is mixed")
  func changeMidway() async throws {
    let (old, new) = (pattern(1 << 20, seed: 1), pattern(1 << 20, seed: 2))
    try await StreamFixture.run(permits: 1) { fixture in
      fixture.ufs.put("a", old, token: "v1")
      let clients = [try await fixture.get("/a"), try await fixture.get("/a")]
      for client in clients {
        _ = try await client.head()
        #expect(try await client.bytes(first) == Array(old[..<first]))
      }
      fixture.ufs.put("a", new, token: "v2")
      fixture.gate.release()
      for client in clients { #expect(try await client.bytes(1) == [], "the connection ends") }
      let again = try await fixture.get("/a")
      _ = try await again.head()
      #expect(try await again.bytes(1 << 20) == new)
    }
  }

  @Test("an outage before the first byte is an honest status, after it the end of the connection")
  func outage() async throws {
    let bytes = pattern(1 << 20, seed: 3)
    try await StreamFixture.run(permits: 1) { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      let early = try await fixture.get("/a")
      _ = try await early.head()
      #expect(try await early.bytes(first) == Array(bytes[..<first]))
      fixture.ufs.failReads(.unavailable)
      fixture.gate.release()
      #expect(try await early.bytes(1) == [])
      let late = try await fixture.get("/a")
      #expect(try await late.head().hasPrefix("HTTP/1.1 503 "))
      #expect(fixture.files.store.used == 0)
      fixture.ufs.failReads(nil)
      let healed = try await fixture.get("/a")
      _ = try await healed.head()
      #expect(try await healed.bytes(1 << 20) == bytes)
    }
  }

  @Test("a range over many pages is one announced flow, and cached pages in between end it")
  func oneFlow() async throws {
    let bytes = pattern(10 << 20, seed: 4)
    try await StreamFixture.run { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      let page = try await fixture.get("/a", range: 5_242_880...5_242_889)
      _ = try await page.head()
      _ = try await page.bytes(10)
      while try await fixture.resident("/a") == 0 { await Task.yield() }
      #expect(fixture.ufs.announced == [5 << 20..<6 << 20], "no more than was asked for")
      let all = try await fixture.get("/a", range: 100...8 << 20)
      _ = try await all.head()
      let part = Array(bytes[100...(8 << 20)])
      #expect(try await all.bytes((8 << 20) - 99) == part)
      let runs: [Range<Int64>] = [5 << 20..<6 << 20, 0..<5 << 20, 6 << 20..<9 << 20]
      #expect(fixture.ufs.announced == runs)
      #expect(fixture.ufs.opened == [.demand, .demand])
    }
  }

  @Test("a store without room lets a range pass through as one announced flow")
  func passThrough() async throws {
    let bytes = pattern(4 << 20, seed: 5)
    try await StreamFixture.run(pages: 1) { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      fixture.ufs.put("held", pattern(1 << 20, seed: 6), token: "v1")
      try await fixture.onRing {
        let record = try await fixture.files.record(ofAlluxioPath: "/held")
        var holder = ReaderHolder()
        let access = try await fixture.files.access(record, page: 0, wanted: 0..<1, reader: &holder)
        guard case .filled(let lease) = consume access else { return }
        let client = try await fixture.get("/a")
        _ = try await client.head()
        #expect(try await client.bytes(4 << 20) == bytes)
        #expect(fixture.ufs.announced == [0..<4 << 20])
        #expect(lease.count == 1 << 20)
      }
    }
  }

  @Test(
    "a flow that fails ahead of its client ends, and its reader is closed", .timeLimit(.minutes(1)))
  func failureAhead() async throws {
    let bytes = pattern(4 << 20, seed: 10)
    // The first page has five pieces.
    try await StreamFixture.run(permits: 6) { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      let client = try await fixture.get("/a")
      _ = try await client.head()
      #expect(try await client.bytes(1 << 20) == Array(bytes[..<(1 << 20)]))
      fixture.ufs.failReads(.unavailable)
      fixture.gate.release()
      while try await client.bytes(1 << 20).count == 1 << 20 {}
      while fixture.ufs.closedCount < fixture.ufs.opened.count { await Task.yield() }
      #expect(fixture.ufs.opened.count >= 1)
    }
  }

  @Test("a file that changed too recently is streamed and not cached")
  func unsettled() async throws {
    let bytes = pattern(3 << 20, seed: 7)
    try await StreamFixture.run { fixture in
      fixture.ufs.put("a", bytes, token: "v1", isSettled: false)
      let client = try await fixture.get("/a")
      _ = try await client.head()
      #expect(try await client.bytes(3 << 20) == bytes)
      #expect(try await fixture.resident("/a") == 0)
    }
  }

  @Test("an abandoned flow finishes the pages that others wait for, and no other")
  func abandoned() async throws {
    let bytes = pattern(4 << 20, seed: 8)
    try await StreamFixture.run(permits: 0) { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      try await fixture.onRing {
        let record = try await fixture.files.record(ofAlluxioPath: "/a")
        let reactor = try #require(Reactor.current)
        let flow = PageFlow(fixture.files, record, end: 4, purpose: .demand)
        for index in 0..<3 as Range<UInt32> {
          guard case .owned(let fill) = await fixture.files.reserve(record, index, node: 0) else {
            Issue.record("there is room")
            return
          }
          flow.push(fill)
        }
        let key = PageKey(file: try #require(record.key), index: 1)
        guard case .join(let waiter) = fixture.files.store.fill(key, length: 1 << 20) else {
          Issue.record("the page is being filled")
          return
        }
        flow.start(on: reactor)
        await fixture.gate.waitForArrivals(1)
        flow.abandon()
        fixture.gate.release()
        guard case .hit(let lease) = await waiter.wait() else {
          Issue.record("the page was waited for")
          return
        }
        let page = Array(bytes[(1 << 20)..<(2 << 20)])
        #expect(Array(lease.bytes) == page)
        while fixture.files.store.statistics.filling > 0 { await reactor.sleep(for: .zero) }
        #expect(fixture.files.residentBytes(of: record) == 1 << 20)
        #expect(fixture.ufs.readRanges.allSatisfy { $0.upperBound <= 2 << 20 })
      }
    }
  }

  @Test("a client that goes leaves those who joined its page with every byte of it")
  func clientGone() async throws {
    let bytes = pattern(6 << 20, seed: 9)
    try await StreamFixture.run(permits: 1) { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      let owner = try await fixture.get("/a")
      _ = try await owner.head()
      _ = try await owner.bytes(first)
      let joiner = try await fixture.get("/a", range: 0...(6 << 20) - 1)
      _ = try await joiner.head()
      #expect(try await joiner.bytes(first) == Array(bytes[..<first]))
      owner.close()
      fixture.gate.release()
      #expect(try await joiner.bytes((6 << 20) - first) == Array(bytes[first...]))
    }
  }

  @Test("a client that joins a load's page which does not come reads it for itself")
  func stuckLoad() async throws {
    let bytes = pattern(1 << 20, seed: 11)
    try await StreamFixture.run(permits: 0) { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      let load = Task {
        try await fixture.onRing {
          let record = try await fixture.files.record(ofAlluxioPath: "/a")
          return try await fixture.files.load(record, pages: 0..<1)
        }
      }
      await fixture.gate.waitForArrivals(1)
      let client = try await fixture.get("/a", range: 0...99)
      await fixture.gate.waitForArrivals(2)
      // The gate is fair: the load's read would go first, so both are let go.
      fixture.gate.release()
      _ = try await client.head()
      #expect(try await client.bytes(100) == Array(bytes[..<100]))
      #expect(try await load.value == .cached(filled: 1 << 20, resident: 0))
      #expect(fixture.ufs.opened.contains(.demand))
    }
  }

  @Test("a client waits for a load that does not get on once, not page by page")
  func stuckLoads() async throws {
    let bytes = pattern(8 << 20, seed: 21)
    try await StreamFixture.run(permits: 0) { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      fixture.gate.release()
      let held = AsyncStream<Void>.makeStream()
      let gates = (0..<8).map { _ in StopGate() }
      let loads = gates.enumerated().map { index, gate in
        Task {
          try await fixture.onRing {
            let record = try await fixture.files.record(ofAlluxioPath: "/a")
            let key = PageKey(file: try #require(record.key), index: UInt32(index))
            guard case .owner(let fill) = fixture.files.store.fill(key, length: 1 << 20) else {
              Issue.record("the page is missing")
              held.continuation.yield()
              return
            }
            fill.markBackground()
            held.continuation.yield()
            await gate.wait()
            fill.fail(.abandoned)
          }
        }
      }
      var events = held.stream.makeAsyncIterator()
      for _ in 0..<8 { await events.next() }
      let clock = ContinuousClock()
      let begin = clock.now
      let client = try await fixture.get("/a")
      _ = try await client.head()
      #expect(try await client.bytes(8 << 20) == bytes)
      // Half a second for each of 32 pieces would be 16 s; the rest is for a machine that is busy elsewhere.
      #expect(clock.now - begin < .seconds(12))
      client.close()
      for gate in gates { gate.open() }
      for load in loads { try await load.value }
    }
  }

  @Test("a client that joined a load's page asks for itself when the load fails")
  func failedLoad() async throws {
    let bytes = pattern(1 << 20, seed: 12)
    try await StreamFixture.run(permits: 0) { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      let isHeld = AsyncStream<Void>.makeStream()
      let load = Task {
        try await fixture.onRing {
          let record = try await fixture.files.record(ofAlluxioPath: "/a")
          let key = PageKey(file: try #require(record.key), index: 0)
          guard case .owner(let fill) = fixture.files.store.fill(key, length: 1 << 20) else {
            Issue.record("the page is missing")
            return
          }
          fill.markBackground()
          isHeld.continuation.yield()
          while !fill.isAwaited { await Task.yield() }
          fill.fail(
            .source(UFSError(.unavailable, operation: "test", path: "/a", cause: .status(503))))
        }
      }
      var events = isHeld.stream.makeAsyncIterator()
      await events.next()
      let client = try await fixture.get("/a")
      try await load.value
      fixture.gate.release()
      #expect(try await client.head().contains(" 200 "))
      #expect(try await client.bytes(1 << 20) == bytes)
    }
  }

  @Test("clients that leave take their wait for the store with them", .timeLimit(.minutes(1)))
  func departure() async throws {
    try await StreamFixture.run(permits: 0) { fixture in
      fixture.ufs.put("a", pattern(1 << 20, seed: 13), token: "v1")
      let owner = try await fixture.get("/a")
      let joiner = try await fixture.get("/a")
      await fixture.gate.waitForArrivals(1)
      owner.close()
      joiner.close()
      // Nobody holds a connection while the source still holds the read; and it is the only one.
      while fixture.activeCount > 0 { await Task.yield() }
      #expect(fixture.ufs.readCount == 0)
      fixture.gate.release()
      while fixture.files.store.statistics.filling > 0 { await Task.yield() }
      #expect(try await fixture.resident("/a") == 0, "nobody waited for it")
    }
  }
}
