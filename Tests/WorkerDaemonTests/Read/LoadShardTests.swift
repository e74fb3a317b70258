// Shards: one reader, one announced run after another, no question per file, and only so much memory.

import Model
import PageStore
import Ring
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

@Suite("Load shards")
struct LoadShardTests {
  @Test("a shard is read by one reader that announces each run of missing pages, and asks nothing")
  func oneReader() async throws {
    let bytes = pattern(10 * 65536 + 5, seed: 1)
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", bytes, token: "v1")
    try await fixture.run {
      let record = try await fixture.files.record(ofAlluxioPath: "/a")
      #expect(
        try await fixture.files.load(record, pages: 4..<5) == .cached(filled: 65536, resident: 0))
      #expect(
        try await fixture.files.load(record, pages: 1..<11)
          == .cached(filled: 8 * 65536 + 5, resident: 65536))
      let runs: [Range<Int64>] = [65536..<262144, 327680..<655365]
      #expect(fixture.ufs.announced == runs)
      #expect(fixture.ufs.opened == [.load, .load])
      #expect(fixture.ufs.statusCount == 1)
      #expect(fixture.files.loadBudget.used == 0)
      #expect(try await fixture.read(record) == bytes)
    }
  }

  @Test(
    "who wants a page that a load has, and does not get on with, reads past it",
    .timeLimit(.minutes(1)))
  func stalledLoad() async throws {
    let bytes = pattern(65536, seed: 5)
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", bytes, token: "v1")
    try await fixture.run {
      let record = try await fixture.files.record(ofAlluxioPath: "/a")
      let key = PageKey(file: try #require(record.key), index: 0)
      guard case .owner(let fill) = fixture.files.store.fill(key, length: 65536) else {
        Issue.record("the page is missing")
        return
      }
      fill.markBackground()
      #expect(try await fixture.read(record) == bytes)
      #expect(fixture.files.store.statistics.filling == 1, "the load still has the page")
      fill.fail(.abandoned)
    }
  }

  @Test("a listed status is the file's record: neither a load nor a read asks for it again")
  func listedStatus() async throws {
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(100, seed: 2), token: "v1")
    try await fixture.run {
      let status = try await fixture.ufs.status(of: "a")
      let epochs = fixture.files.table.epochs()
      let now = Reactor.current?.now ?? 0
      fixture.files.remember([status], now: now, epochs: epochs)
      let record = try fixture.files.record(listed: status)
      #expect(
        try await fixture.files.load(record, pages: 0..<1) == .cached(filled: 100, resident: 0))
      _ = try await fixture.read("/a")
      #expect(fixture.ufs.statusCount == 1, "only the listing")
      fixture.files.forget(status.ufsPath)
      fixture.files.remember([status], now: now, epochs: epochs)
      #expect(
        fixture.files.table.record(of: record.id) == nil,
        "what was listed before a change is not remembered after it")
    }
  }

  @Test("a load of a file that changed since it was listed finds out by reading")
  func changedSince() async throws {
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(300_000, seed: 2), token: "v1")
    try await fixture.run {
      let status = try await fixture.ufs.status(of: "a")
      fixture.ufs.put("a", pattern(300_000, seed: 3), token: "v2")
      let record = try fixture.files.record(listed: status)
      do {
        _ = try await fixture.files.load(record, pages: 0..<5)
        Issue.record("the version is gone")
      } catch {
        #expect((error as? UFSError)?.code == .changed)
      }
      #expect(fixture.files.store.used == 0)
      #expect(fixture.files.loadBudget.used == 0)
    }
  }

  @Test("a job's reads take turns as the job's, a client's as the file's")
  func turns() async throws {
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(3 * 65536, seed: 4), token: "v1")
    try await fixture.run {
      let record = try await fixture.files.record(ofAlluxioPath: "/a")
      _ = try await fixture.files.load(record, pages: 0..<1, turns: 77)
      _ = try await fixture.files.load(record, pages: 1..<2)
      _ = try await fixture.read(record)
      #expect(fixture.ufs.opened.count == 3)
      #expect(fixture.ufs.turns == [77])
    }
  }

  @Test("jobs take turns for the budget, each job's shards in their order")
  func budgetTurns() async throws {
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    try await fixture.run {
      let budget = ByteBudget(limit: 100)
      let reactor = try #require(Reactor.current)
      let first = await budget.take(100)
      let order = Order()
      for (name, turns) in [("a1", 1), ("a2", 1), ("a3", 1), ("b1", 2), ("c1", 3), ("b2", 2)] {
        reactor.spawn {
          let taken = await budget.take(100, turns: UInt64(turns))
          order.names.append(name)
          budget.giveBack(taken)
        }
      }
      await reactor.sleep(for: .zero)
      #expect(order.names == [])
      budget.giveBack(first)
      while order.names.count < 6 { await reactor.sleep(for: .zero) }
      #expect(order.names == ["a1", "b1", "c1", "a2", "b2", "a3"])
      #expect(budget.used == 0)
    }
  }

  @Test("a budget is given first come first served, and a wish for more than all gets all")
  func budget() async throws {
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    try await fixture.run {
      let budget = ByteBudget(limit: 100)
      let reactor = try #require(Reactor.current)
      let first = await budget.take(60)
      #expect(first == 60)
      let order = Order()
      for (name, bytes) in [("large", 1000), ("small", 10)] {
        reactor.spawn {
          let taken = await budget.take(bytes)
          order.names.append("\(name) \(taken)")
          budget.giveBack(taken)
        }
      }
      await reactor.sleep(for: .zero)
      #expect(order.names == [], "the small one waits behind the large one")
      budget.giveBack(first)
      while order.names.count < 2 { await reactor.sleep(for: .zero) }
      #expect(order.names == ["large 100", "small 10"])
      #expect(budget.used == 0)
    }
  }
}

/// What tasks of one ring did, in order.
// SAFETY: confined to one ring.
private final class Order: @unchecked Sendable {
  var names: [String] = []
}
