import Model
import PageStore
import Ring
import Synchronization
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

/// A service with rules, a clock that tests set, and a file system in memory.
struct PolicyFixture: Sendable {
  let service: ServiceFixture
  let policies: CachePolicies
  private let clock: ManualWallClock

  init(
    capacity: Int = 8 << 20, pinnedRatio: Double = 0.5, catalog: FileCatalog = FileCatalog(),
    validity: Duration = .seconds(3600), ttlEnabled: Bool = true, file: RulesFile? = nil,
    isRestoring: Bool = false, calls: MetastoreCalls = MetastoreCalls()
  ) throws {
    let clock = ManualWallClock()
    self.clock = clock
    var options = RuleBook.Options()
    options.statusValidity = validity
    options.isTTLEnabled = ttlEnabled
    let store = try PageStore(capacity: capacity, pageSize: 64 << 10)
    policies = CachePolicies(
      store: store, book: RuleBook(options: options, file: file), catalog: catalog,
      pinnedRatio: pinnedRatio, isRestoring: isRestoring, calls: calls,
      wallClock: { clock.now })
    service = try ServiceFixture(store: store, policies: policies)
  }

  func advance(_ duration: Duration) { clock.advance(milliseconds(duration)) }

  func change(_ body: (inout CacheRules) -> Void) throws {
    try policies.book.change { rules throws(RuleError) in body(&rules) }
  }

  func put(_ name: String, pages: Int, token: String = "1") {
    service.ufs.put(name, pattern(pages * service.pageSize, seed: 1), token: token)
  }

  /// Reads a file whole and returns how many pages came from the UFS.
  @discardableResult
  func read(_ name: String) async throws -> Int {
    let before = service.ufs.readCount
    let bytes = try await service.run { [service] in try await service.read("/\(name)") }
    #expect(bytes == pattern(bytes.count, seed: 1))
    return service.ufs.readCount - before
  }

  func resident(_ name: String) async throws -> Int64 {
    try await service.run { [service] in
      service.files.residentBytes(of: try await service.files.record(ofAlluxioPath: "/\(name)"))
    }
  }
}

final class ManualWallClock: Sendable {
  private let time = Atomic<Int64>(1_700_000_000_000)
  var now: Int64 { time.load(ordering: .relaxed) }
  func advance(_ count: Int64) { time.add(count, ordering: .relaxed) }
}

@Suite("CachePolicies")
struct CachePoliciesTests {
  @Test("what a filter skips always comes from the UFS and is never in the cache")
  func skip() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    fixture.put("s/a", pages: 2)
    #expect(try await fixture.read("s/a") == 2)
    #expect(try await fixture.read("s/a") == 0)
    fixture.policies.book.setFilter(
      try CacheFilter(parsing: Array(#"{"data":{"skipCache":["/s/.*"]}}"#.utf8)))
    // In force at once, without a restart, though the pages are still there.
    #expect(try await fixture.read("s/a") == 2)
    #expect(try await fixture.read("s/a") == 2)
    try fixture.policies.enforce()
    #expect(try await fixture.resident("s/a") == 0)
    #expect(fixture.policies.counters.values.skips == 4)
    let result = try await fixture.service.run { [service = fixture.service] in
      try await service.files.load(
        try await service.files.record(ofAlluxioPath: "/s/a"), pages: 0..<2)
    }
    #expect(result == .excluded)
  }

  @Test("what is immutable is never asked for again; a limited age is asked for when it is over")
  func validity() async throws {
    let fixture = try PolicyFixture(validity: .zero)
    defer { fixture.service.stop() }
    fixture.policies.book.setFilter(
      try CacheFilter(
        parsing: Array(
          """
          {"data":{"immutable":["/i/.*"],"maxAge":{"/m/.*":"1h"}},"metadata":{"skipCache":["/m/.*"]}}
          """.utf8)))
    for name in ["i/a", "m/a", "o/a"] { fixture.put(name, pages: 1) }
    func asked(_ name: String, _ use: StatusUse) async throws -> Int {
      let before = fixture.service.ufs.statusCount
      _ = try await fixture.service.run { [service = fixture.service] in
        try await service.files.record(ofAlluxioPath: "/\(name)", for: use)
      }
      return fixture.service.ufs.statusCount - before
    }
    for name in ["i/a", "m/a", "o/a"] { #expect(try await asked(name, .data) == 1) }
    #expect(try await asked("i/a", .data) == 0)
    #expect(try await asked("i/a", .metadata) == 1, "metadata is not said to be immutable")
    #expect(try await asked("m/a", .data) == 0)
    #expect(try await asked("m/a", .metadata) == 1)
    #expect(try await asked("o/a", .data) == 1)
  }

  @Test("changed rules hold for files that are known, without asking the UFS")
  func generation() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    fixture.put("a", pages: 1)
    try await fixture.read("a")
    let asked = fixture.service.ufs.statusCount
    try fixture.change { $0.priority[.root] = .high }
    let record = try await fixture.service.run { [service = fixture.service] in
      try await service.files.record(ofAlluxioPath: "/a")
    }
    #expect(record.decision.priority == .high)
    #expect(fixture.service.ufs.statusCount == asked)
  }

  @Test("pages over their time are never served, and their time counts from the load")
  func timeToLive() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    fixture.put("t/a", pages: 3)
    try fixture.change { $0.ttl[RulePath("/t")] = .seconds(60) }
    #expect(try await fixture.read("t/a") == 3)
    fixture.advance(.seconds(59))
    #expect(try await fixture.read("t/a") == 0)
    fixture.advance(.seconds(1))
    #expect(try await fixture.read("t/a") == 3)
    #expect(fixture.policies.counters.values.expiredBytes == UInt64(3 * fixture.service.pageSize))
    fixture.advance(.seconds(30))
    #expect(try await fixture.read("t/a") == 0, "loaded anew, so its time began anew")
  }

  @Test("a rule that comes later counts from the load all the same")
  func lateRule() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    fixture.put("t/a", pages: 1)
    try await fixture.read("t/a")
    fixture.advance(.seconds(100))
    try fixture.change { $0.ttl[RulePath("/t")] = .seconds(60) }
    #expect(try await fixture.read("t/a") == 1)
  }

  @Test("a file whose entry was removed is named again by its next page, however many it has")
  func namedAgain() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    fixture.put("a", pages: 4)
    try await fixture.read("a")
    let key = try #require(fixture.policies.store.residentFiles().first).file
    fixture.policies.catalog.remove(key)
    fixture.policies.store.drop(page: PageKey(file: key, index: 2))
    #expect(try await fixture.read("a") == 1)
    #expect(try fixture.policies.catalog.list(.root, limit: 10).entries.map(\.path) == ["/a"])
  }

  @Test("pages whose age nobody knows are not served where a time is set")
  func unknownAge() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    fixture.put("t/a", pages: 2)
    try await fixture.read("t/a")
    let key = try #require(fixture.policies.store.residentFiles().first).file
    fixture.policies.catalog.remove(key)
    try fixture.change { $0.ttl[RulePath("/t")] = .seconds(60) }
    #expect(try await fixture.read("t/a") == 2)
    #expect(try await fixture.read("t/a") == 0)
  }

  @Test("while pages of an earlier life are still being entered, nothing is forgotten")
  func restoring() async throws {
    let catalog = FileCatalog()
    let fixture = try PolicyFixture(catalog: catalog, isRestoring: true)
    defer { fixture.service.stop() }
    fixture.put("t/a", pages: 1)
    try await fixture.read("t/a")
    let key = try #require(fixture.policies.store.residentFiles().first).file
    let entry = try #require(catalog.entry(of: key))
    fixture.policies.store.drop(key)
    try fixture.policies.enforce()
    #expect(catalog.entry(of: key) == entry)
    _ = try fixture.policies.free(.root, forced: true)
    #expect(catalog.entry(of: key) == entry)
    fixture.policies.finishRestoring()
    try fixture.policies.enforce()
    #expect(catalog.entry(of: key) == nil)
  }

  @Test("pages over their time are not served after a restart, though they are entered late")
  func restart() async throws {
    let catalog = FileCatalog()
    let first = try PolicyFixture(catalog: catalog)
    first.put("t/a", pages: 1)
    try await first.read("t/a")
    try first.policies.catalog.flush()
    first.service.stop()
    let second = try PolicyFixture(catalog: catalog, isRestoring: true)
    defer { second.service.stop() }
    try second.change { $0.ttl[RulePath("/t")] = .seconds(60) }
    second.put("t/a", pages: 1)
    second.advance(.seconds(30))
    // The record looks at the age before the pages are there, and again when it is over.
    try await second.read("t/a")
    #expect(try await second.read("t/a") == 0)
    second.advance(.seconds(31))
    #expect(try await second.read("t/a") == 1, "the time counts from the first life's load")
  }

  @Test("a sweep drops what is over its time, and forgets what is no longer cached")
  func sweep() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    for name in ["t/a", "k/b", "k/c"] { fixture.put(name, pages: 2) }
    for name in ["t/a", "k/b", "k/c"] { try await fixture.read(name) }
    try fixture.change { $0.ttl[RulePath("/t")] = .seconds(60) }
    fixture.advance(.seconds(61))
    let gone = try #require(
      try fixture.policies.catalog.list(RulePath("/k/c"), limit: 1).entries.first)
    fixture.policies.store.drop(gone.key)
    let outcome = try fixture.policies.enforce()
    #expect(outcome.droppedFiles == 1 && outcome.files == 2)
    #expect(outcome.droppedBytes == Int64(2 * fixture.service.pageSize))
    let left = try fixture.policies.catalog.list(.root, limit: 10).entries.map(\.path)
    #expect(left == ["/k/b"])
  }

  @Test("a quota holds at every moment, by its own oldest files")
  func quota() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    let page = Int64(fixture.service.pageSize)
    try fixture.change { $0.quotas[RulePath("/q")] = 8 * page }
    fixture.put("other", pages: 4)
    try await fixture.read("other")
    func held() throws -> Int64 { try fixture.policies.residentBytes(at: [RulePath("/q")]) }
    for index in 0..<6 {
      fixture.put("q/\(index)", pages: 3)
      try await fixture.read("q/\(index)")
      fixture.advance(.seconds(1))
      #expect(try held() <= 8 * page)
    }
    #expect(try await fixture.resident("q/5") == 3 * page, "the newest is whole")
    #expect(try await fixture.resident("q/0") == 0, "the oldest went")
    #expect(try await fixture.resident("other") == 4 * page, "nobody else paid")
    #expect(fixture.policies.counters.values.quotaFiles >= 3)
  }

  @Test("a file larger than its directory's quota is cached as far as that goes and read whole")
  func largeFile() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    let page = Int64(fixture.service.pageSize)
    try fixture.change { $0.quotas[RulePath("/q")] = 4 * page }
    fixture.put("q/large", pages: 10)
    #expect(try await fixture.read("q/large") >= 10)
    #expect(try await fixture.resident("q/large") <= 4 * page)
    #expect(fixture.policies.counters.values.quotaDenials > 0)
    try fixture.change { $0.quotas[RulePath("/q")] = 0 }
    fixture.put("q/none", pages: 1)
    try await fixture.read("q/none")
    #expect(try await fixture.resident("q/none") == 0)
  }

  @Test("a quota counts anew after a survey that was not enough")
  func quotaAgain() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    let page = Int64(fixture.service.pageSize)
    try fixture.change { $0.quotas[RulePath("/q")] = 4 * page }
    fixture.put("q/small", pages: 1)
    fixture.put("q/large", pages: 8)
    for name in ["q/small", "q/large"] { try await fixture.read(name) }
    _ = try fixture.policies.free(RulePath("/q"), forced: true)
    fixture.advance(.seconds(2))
    fixture.put("q/next", pages: 4)
    let account = try #require(fixture.policies.book.account(of: RulePath("/q")))
    fixture.policies.recount(account, onlyCounts: true)
    #expect(account.used == 0)
    try await fixture.read("q/next")
    #expect(try await fixture.resident("q/next") == 4 * page)
    _ = try fixture.policies.setQuota(2 * page, at: RulePath("/q"), .update)
    #expect(try fixture.policies.residentBytes(at: [RulePath("/q")]) <= 2 * page)
  }

  @Test("what was pinned counts no more once nothing is")
  func unpinned() async throws {
    let fixture = try PolicyFixture(capacity: 2 << 20, pinnedRatio: 0.25)
    defer { fixture.service.stop() }
    for name in ["p/a", "p/b", "p/c"] { fixture.put(name, pages: 5) }
    _ = try fixture.policies.pin(RulePath("/p"))
    for name in ["p/a", "p/b", "p/c"] { try await fixture.read(name) }
    try fixture.policies.unpin(RulePath("/p"))
    _ = try fixture.policies.free(.root, forced: false)
    #expect(fixture.policies.pinned.used == 0)
    #expect(try fixture.policies.pin(RulePath("/other")) == 0)
  }

  @Test("nested quotas both hold")
  func nestedQuotas() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    let page = Int64(fixture.service.pageSize)
    try fixture.change {
      $0.quotas[RulePath("/q")] = 6 * page
      $0.quotas[RulePath("/q/in")] = 2 * page
    }
    for name in ["q/in/a", "q/in/b", "q/c", "q/d", "q/e"] { fixture.put(name, pages: 2) }
    for name in ["q/in/a", "q/in/b", "q/c", "q/d", "q/e"] {
      try await fixture.read(name)
      #expect(try fixture.policies.residentBytes(at: [RulePath("/q/in")]) <= 2 * page)
      #expect(try fixture.policies.residentBytes(at: [RulePath("/q")]) <= 6 * page)
    }
  }

  @Test("freeing drops what it says and leaves what is pinned, unless it is forced")
  func free() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    let page = Int64(fixture.service.pageSize)
    for name in ["d/a", "d/b", "e/c"] {
      fixture.put(name, pages: 2)
      try await fixture.read(name)
    }
    try fixture.change { $0.pins[RulePath("/d/b")] = CacheRules.Pin() }
    let freed = try fixture.policies.free(RulePath("/d"), forced: false)
    #expect(freed.droppedBytes == 2 * page && freed.droppedFiles == 1)
    #expect(freed.pinnedBytes == 2 * page && freed.pinnedFiles == 1)
    #expect(try await fixture.resident("d/a") == 0)
    #expect(try await fixture.resident("e/c") == 2 * page)
    let forced = try fixture.policies.free(RulePath("/d"), forced: true)
    #expect(forced.droppedBytes == 2 * page && forced.pinnedFiles == 0)
    #expect(try fixture.policies.catalog.list(.root, limit: 10).entries.map(\.path) == ["/e/c"])
  }

  @Test("freeing everything frees what the catalog lost sight of, too")
  func freeUnnamed() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    fixture.put("a", pages: 2)
    try await fixture.read("a")
    let key = try #require(fixture.policies.store.residentFiles().first).file
    fixture.policies.catalog.remove(key)
    let outcome = try fixture.policies.free(.root, forced: false)
    #expect(outcome.droppedBytes == Int64(2 * fixture.service.pageSize))
    #expect(fixture.policies.store.residentFiles().isEmpty)
  }

  @Test(
    "what is pinned survives pressure, before and after it was cached, and leaves when unpinned")
  func pins() async throws {
    // 32 pages, of which 16 may be pinned.
    let fixture = try PolicyFixture(capacity: 2 << 20)
    defer { fixture.service.stop() }
    let page = Int64(fixture.service.pageSize)
    func press() async throws {
      for index in 0..<3 {
        fixture.put("x/\(index)", pages: 16)
        try await fixture.read("x/\(index)")
      }
    }
    for name in ["p/a", "p/b", "q/c"] {
      fixture.put(name, pages: 4)
      try await fixture.read(name)
    }
    #expect(try fixture.policies.pin(RulePath("/p")) == 8 * page)
    try await press()
    #expect(try await fixture.resident("p/a") == 4 * page)
    #expect(try await fixture.resident("p/b") == 4 * page)
    #expect(try await fixture.resident("q/c") == 0)
    fixture.put("p/later", pages: 4)
    try await fixture.read("p/later")
    try await press()
    #expect(try await fixture.resident("p/later") == 4 * page)
    try fixture.policies.unpin(RulePath("/p"))
    try await press()
    #expect(try await fixture.resident("p/a") == 0)
    #expect(fixture.policies.pinned.used == 0)
  }

  @Test("low priority leaves before high, also by a rule that came later")
  func priorities() async throws {
    let fixture = try PolicyFixture(capacity: 2 << 20)
    defer { fixture.service.stop() }
    let page = Int64(fixture.service.pageSize)
    for name in ["h/a", "m/b", "m/c"] {
      fixture.put(name, pages: 8)
      try await fixture.read(name)
    }
    _ = try fixture.policies.setPriority(.high, at: RulePath("/h"), .add)
    fixture.put("m/d", pages: 16)
    try await fixture.read("m/d")
    #expect(try await fixture.resident("h/a") == 8 * page, "the oldest, but dear")
    #expect(try await fixture.resident("m/b") == 0)
    _ = try fixture.policies.setPriority(.low, at: RulePath("/h"), .update)
    fixture.put("m/e", pages: 8)
    try await fixture.read("m/e")
    #expect(try await fixture.resident("h/a") == 0)
  }

  @Test("more than may be pinned is cached and not pinned")
  func pinnedLimit() async throws {
    let fixture = try PolicyFixture(capacity: 2 << 20, pinnedRatio: 0.25)
    defer { fixture.service.stop() }
    try fixture.change { $0.pins[RulePath("/p")] = CacheRules.Pin() }
    fixture.put("p/a", pages: 12)
    try await fixture.read("p/a")
    #expect(try await fixture.resident("p/a") == Int64(12 * fixture.service.pageSize))
    #expect(fixture.policies.counters.values.pinDenials == 4)
  }
}
