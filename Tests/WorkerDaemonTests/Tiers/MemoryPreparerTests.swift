// Page memory made resident ahead of need.

import Model
import PageStore
import Ring
import TestSupport
import Testing

@testable import WorkerDaemon

@Suite("Memory made resident ahead of need")
struct MemoryPreparerTests {
  private func run(
    capacity: Int, _ options: MemoryPreparer.Options,
    _ body: @escaping @Sendable (MemoryPreparer, PageStore, Reactor) async throws -> Void
  ) async throws {
    let store = try PageStore(capacity: capacity, pageSize: 1 << 20)
    let group = try ReactorGroup(count: 1, pinned: false)
    let pool = try BlockingPool(name: "test", threads: 1)
    let reactor = group.reactors[0]
    let preparer = MemoryPreparer(store, pool: pool, options: options)
    let result = await reactor.run { () async -> Result<Void, any Error> in
      preparer.start(on: reactor)
      let result: Result<Void, any Error>
      do { result = .success(try await body(preparer, store, reactor)) } catch {
        result = .failure(error)
      }
      await preparer.stop()
      return result
    }
    group.stop()
    pool.stop()
    try result.get()
  }

  @Test("as much as is asked for is kept at hand, and never more than the capacity")
  func reserve() async throws {
    var options = MemoryPreparer.Options()
    (options.reserve, options.delay) = (8 << 20, .zero)
    try await run(capacity: 16 << 20, options) { preparer, store, reactor in
      while preparer.phase != .ready { await reactor.sleep(for: .milliseconds(1)) }
      #expect(store.statistics.committed == 8 << 20)
      for number in 0..<6 {
        let key = PageKey(file: FileKey(high: 2, low: 1), index: UInt32(number))
        guard case .owner(let fill) = store.fill(key, length: 1 << 20) else {
          Issue.record("there is room")
          return
        }
        _ = fill.commit()
      }
      while store.statistics.committed < 14 << 20 { await reactor.sleep(for: .milliseconds(1)) }
      #expect(store.statistics.committed == 14 << 20)
    }
  }

  @Test("a reserve beyond the capacity ends with all of it resident")
  func whole() async throws {
    var options = MemoryPreparer.Options()
    (options.reserve, options.delay) = (1 << 40, .zero)
    try await run(capacity: 7 << 20, options) { preparer, store, reactor in
      while preparer.phase != .ready { await reactor.sleep(for: .milliseconds(1)) }
      #expect(store.isWhollyResident && store.statistics.committed == 7 << 20)
    }
  }

  @Test("it takes its time")
  func rate() async throws {
    var options = MemoryPreparer.Options()
    (options.reserve, options.delay, options.bytesPerSecond) = (1 << 40, .zero, 64 << 20)
    try await run(capacity: 32 << 20, options) { preparer, store, reactor in
      let start = reactor.now
      while !store.isWhollyResident { await reactor.sleep(for: .milliseconds(1)) }
      // Half a second at 64 MiB a second, of which a tenth of a second may be made up for.
      #expect(reactor.now - start > 300_000_000)
    }
  }

  @Test("a reserve of nothing touches nothing")
  func off() async throws {
    var options = MemoryPreparer.Options()
    (options.reserve, options.delay) = (0, .zero)
    try await run(capacity: 8 << 20, options) { preparer, store, _ in
      #expect(preparer.phase == .resting && store.statistics.committed == 0)
    }
  }
}
