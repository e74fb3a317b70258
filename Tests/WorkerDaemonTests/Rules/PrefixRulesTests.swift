import Testing

@testable import WorkerDaemon

@Suite("PrefixRules")
struct PrefixRulesTests {
  @Test("the most specific path wins, at path boundaries")
  func match() {
    var rules = PrefixRules<Int>()
    rules[RulePath("/")] = 0
    rules[RulePath("/s3/")] = 1
    rules[RulePath("/s3/data")] = 2
    #expect(rules.match(RulePath("/s3/data/a/b"))?.value == 2)
    #expect(rules.match(RulePath("/s3/data"))?.value == 2)
    #expect(rules.match(RulePath("/s3/database"))?.value == 1)
    #expect(rules.match(RulePath("/s3b"))?.value == 0)
    #expect(rules.match(RulePath("/"))?.value == 0)
    #expect(rules.all(over: RulePath("/s3/data/x")).map(\.value) == [2, 1, 0])
    rules[RulePath("/s3/data/")] = nil
    #expect(rules.match(RulePath("/s3/data/a"))?.value == 1)
    #expect(rules.count == 2)
  }

  @Test("paths are compared by bytes: two compositions of one letter are two paths")
  func bytes() {
    var rules = PrefixRules<Int>()
    rules[RulePath("/\u{E9}")] = 1
    #expect(rules.match(RulePath("/e\u{301}/a")) == nil)
    #expect(rules.match(RulePath("/\u{E9}/a"))?.value == 1)
    // A combining mark behind a slash does not hide the slash.
    #expect(RulePath("/a").contains(RulePath("/a/\u{301}x")))
  }

  @Test("without rules nothing matches")
  func empty() {
    let rules = PrefixRules<Int>()
    #expect(rules.match(RulePath("/a")) == nil && rules.all(over: RulePath("/a")).isEmpty)
    #expect("\(RulePath("/a//"))" == "/a" && "\(RulePath("//"))" == "/")
  }
}
