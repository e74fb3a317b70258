import Model
import PageStore
import Ring
import Synchronization
import Testing

@testable import WorkerDaemon

@Suite("MetastoreCalls", .timeLimit(.minutes(1)))
struct MetastoreCallsTests {
  /// A store whose reads hang while its gate is shut.
  private final class HangingStore: CatalogStore {
    let gate = ThreadGate()
    private let memory = MemoryCatalogStore()
    private let hangs = Atomic<Bool>(false)

    func hang() { hangs.store(true, ordering: .relaxed) }
    func heal() {
      hangs.store(false, ordering: .relaxed)
      gate.open()
    }
    private func pass() { if hangs.load(ordering: .relaxed) { gate.wait() } }

    func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]? {
      pass()
      return try memory.value(of: key)
    }
    func scan(
      from start: [UInt8], before end: [UInt8], limit: Int
    ) throws(CatalogError) -> [CatalogRecord] {
      pass()
      return try memory.scan(from: start, before: end, limit: limit)
    }
    func write(_ batch: [CatalogWrite]) throws(CatalogError) { try memory.write(batch) }
    func close() {}
  }

  @Test("who asks waits for the limit, who asks then is refused at once, until the answer came")
  func limits() async throws {
    let calls = try MetastoreCalls(limit: .milliseconds(100))
    let group = try ReactorGroup([Reactor.Options()])
    let gate = ThreadGate()
    let outcome = group.reactors[0].wait { () async -> [String] in
      var outcome: [String] = []
      func note<T: Sendable>(_ answer: MetastoreAnswer<T>) {
        switch answer {
        case .value(let value): outcome.append("\(value)")
        case .late: outcome.append("late")
        case .refused: outcome.append("refused")
        }
      }
      note(await calls.ask { 7 })
      outcome.append("\(calls.isHung)")
      note(await calls.ask { gate.wait() })
      outcome.append("\(calls.isHung)")
      note(await calls.ask { 8 })
      note(await calls.perform { 9 })
      gate.open()
      while calls.isHung { await Reactor.current?.sleep(for: .milliseconds(1)) }
      note(await calls.perform { 10 })
      return outcome
    }
    #expect(outcome == ["7", "false", "late", "true", "refused", "refused", "10"])
    calls.stop()
    group.stop()
  }

  @Test("a read of a file with a time to live goes on, uncached, while the catalog hangs")
  func reads() async throws {
    let store = HangingStore()
    let calls = try MetastoreCalls(limit: .milliseconds(100))
    let fixture = try PolicyFixture(catalog: FileCatalog(store: store), calls: calls)
    defer {
      fixture.service.stop()
      calls.stop()
    }
    fixture.put("t/a", pages: 2)
    try fixture.change { $0.ttl[RulePath("/t")] = .seconds(60) }
    #expect(try await fixture.read("t/a") == 2)
    try fixture.policies.catalog.flush()
    fixture.advance(.seconds(1))
    #expect(try await fixture.read("t/a") == 0)
    store.hang()
    try fixture.change { $0.ttl[RulePath("/t")] = .seconds(50) }
    #expect(try await fixture.read("t/a") == 2, "of unknown age is as good as too old")
    #expect(fixture.policies.calls.isHung)
    #expect(fixture.policies.catalog.counters.failures > 0)
    #expect(try await fixture.read("t/a") == 0, "what came since has an age")
    store.heal()
    while fixture.policies.calls.isHung { await Task.yield() }
    fixture.advance(.seconds(49))
    #expect(try await fixture.read("t/a") == 0, "the age counts from the second fill")
    fixture.advance(.seconds(2))
    #expect(try await fixture.read("t/a") == 2)
  }

  @Test("a keeper that waits for the catalog does not hold up a stop")
  func stop() async throws {
    let store = HangingStore()
    let calls = try MetastoreCalls(limit: .milliseconds(100))
    let fixture = try PolicyFixture(catalog: FileCatalog(store: store), calls: calls)
    let keeper = PolicyKeeper(fixture.policies)
    store.hang()
    let group = try ReactorGroup([Reactor.Options()])
    let reactor = group.reactors[0]
    let isOver = reactor.wait { () async -> Bool in
      keeper.start(on: reactor)
      while !calls.isBusy { await reactor.sleep(for: .milliseconds(1)) }
      return await keeper.stop(by: reactor.now + 50_000_000, on: reactor)
    }
    #expect(!isOver)
    store.heal()
    let isOverThen = reactor.wait { await keeper.stop(by: .max, on: reactor) }
    #expect(isOverThen)
    fixture.service.stop()
    calls.stop()
    group.stop()
  }
}
