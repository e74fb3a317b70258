import Model
import PageStore
import Testing

@testable import WorkerDaemon

@Suite("RuleBook")
struct RuleBookTests {
  private func decide(_ book: RuleBook, _ path: String) -> RuleDecision {
    book.decide(alluxioPath: path, ufsPath: "file:///d\(path)")
  }

  @Test("without rules everything is cached at medium priority, fresh for the configured time")
  func empty() {
    var options = RuleBook.Options()
    options.statusValidity = .seconds(3)
    let decision = decide(RuleBook(options: options), "/a")
    #expect(decision.isCached && !decision.isPinned && decision.priority == .medium)
    #expect(decision.dataValidity == 3_000_000_000 && decision.metadataValidity == 3_000_000_000)
    #expect(decision.timeToLive == nil && decision.quotas.isEmpty)
  }

  @Test("a filter sets the validity of data and metadata apart")
  func filter() throws {
    let book = RuleBook()
    book.setFilter(
      try CacheFilter(
        parsing: Array(
          """
          {"data":{"immutable":["/i/.*"],"skipCache":["/s/.*"],"maxAge":{"/m/.*":"10s"}},
           "metadata":{"immutable":["/i/.*"],"skipCache":["/m/.*"],"maxAge":{"/s/.*":"5s"}}}
          """.utf8)))
    let immutable = decide(book, "/i/a")
    #expect(immutable.dataValidity == .max && immutable.metadataValidity == .max)
    let skipped = decide(book, "/s/a")
    #expect(!skipped.isCached && skipped.dataValidity == 0)
    #expect(skipped.metadataValidity == 5_000_000_000)
    let aged = decide(book, "/m/a")
    #expect(aged.isCached && aged.dataValidity == 10_000_000_000 && aged.metadataValidity == 0)
    #expect(decide(book, "/x").dataValidity == 1_000_000_000)
  }

  @Test("of nested rules of each kind the most specific one holds, and quotas add up")
  func nested() throws {
    let book = RuleBook()
    try book.change { rules throws(RuleError) in
      rules.ttl[RulePath("/a")] = .seconds(60)
      rules.ttl[RulePath("/a/b")] = .seconds(5)
      rules.priority[RulePath("/")] = .low
      rules.priority[RulePath("/a/b")] = .high
      rules.pins[RulePath("/a/b/c")] = CacheRules.Pin()
      rules.quotas[RulePath("/a")] = 100
      rules.quotas[RulePath("/a/b")] = 10
    }
    let decision = decide(book, "/a/b/c/file")
    #expect(decision.timeToLive == 5000 && decision.priority == .high && decision.isPinned)
    #expect(decision.quotas.map(\.limit) == [10, 100])
    let other = decide(book, "/a/x")
    #expect(other.timeToLive == 60_000 && other.priority == .low && !other.isPinned)
    #expect(other.quotas.map(\.limit) == [100])
  }

  @Test("what configuration switches off does not hold")
  func switches() throws {
    var options = RuleBook.Options()
    options.isTTLEnabled = false
    options.isQuotaEnabled = false
    let book = RuleBook(options: options)
    try book.change { rules throws(RuleError) in
      rules.ttl[RulePath("/a")] = .seconds(60)
      rules.quotas[RulePath("/a")] = 100
    }
    #expect(decide(book, "/a/b").timeToLive == nil && decide(book, "/a/b").quotas.isEmpty)
  }

  @Test("every change is a new generation; a refused one changes nothing")
  func generations() throws {
    let book = RuleBook()
    let before = book.generation
    #expect(throws: RuleError.self) {
      try book.change { rules throws(RuleError) in
        rules.pins[RulePath("/a")] = CacheRules.Pin()
        throw RuleError(.exists, "no")
      }
    }
    #expect(book.generation == before && book.rules.pins.isEmpty)
    try book.change { rules throws(RuleError) in rules.pins[RulePath("/a")] = CacheRules.Pin() }
    #expect(book.generation > before && decide(book, "/a").generation == book.generation)
  }

  @Test("the account of a quota keeps its count when the limit changes")
  func accounts() throws {
    let book = RuleBook()
    let path = RulePath("/a")
    try book.change { rules throws(RuleError) in rules.quotas[path] = 100 }
    let account = try #require(book.account(of: path))
    account.beginSurvey().finish(resident: 50, isFutile: false, now: 0)
    try book.change { rules throws(RuleError) in rules.quotas[path] = 60 }
    #expect(book.account(of: path) === account && account.limit == 60 && account.used == 50)
    try book.change { rules throws(RuleError) in rules.quotas[path] = nil }
    #expect(book.account(of: path) == nil)
  }
}
