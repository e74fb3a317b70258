import DaemonDriver
import PageStore
import Testing

@testable import WorkerDaemon

@Suite("RulesFile")
struct RulesFileTests {
  private func everything() -> CacheRules {
    var rules = CacheRules()
    rules.ttl[RulePath("/a \"b\"/ü")] = .milliseconds(1500)
    rules.priority[RulePath("/a")] = .high
    rules.pins[.root] = CacheRules.Pin()
    rules.quotas[RulePath("/q")] = 1 << 40
    return rules
  }

  @Test("rules are read as they were written")
  func roundTrip() throws {
    let scratch = try ScratchDirectory("rules")
    let file = RulesFile(directory: scratch.path)
    #expect(try file.load().ttl.isEmpty, "no file, no rules")
    try file.save(everything())
    let read = try file.load()
    #expect(read.ttl == everything().ttl && read.priority == everything().priority)
    #expect(read.pins == everything().pins && read.quotas == everything().quotas)
    #expect(file.asides.isEmpty)
  }

  @Test("a book keeps its changes over a restart, and none that were refused")
  func book() throws {
    let scratch = try ScratchDirectory("rules")
    let file = RulesFile(directory: scratch.path)
    let book = RuleBook(file: file)
    try book.change { rules throws(RuleError) in rules.quotas[RulePath("/a")] = 7 }
    #expect(try file.load().quotas[RulePath("/a")] == 7)
    let lost = RuleBook(file: RulesFile(directory: scratch.path("missing")))
    #expect(throws: RuleError.self) {
      try lost.change { rules throws(RuleError) in rules.quotas[RulePath("/a")] = 8 }
    }
    #expect(lost.rules.quotas.isEmpty, "a change that cannot be kept does not hold")
  }

  @Test(
    "a damaged file is moved aside with all its bytes, by name, and never overwritten",
    arguments: [
      "", "{", "{\"formatVersion\":2}", "{\"formatVersion\":1,\"ttl\":[]}",
      "{\"formatVersion\":1,\"ttl\":[{\"path\":\"/a\",\"time\":\"x\"}],\"priority\":[],\"pin\":[],\"quota\":[]}",
      "{\"formatVersion\":1,\"ttl\":[],\"priority\":[{\"path\":\"/a\"}],\"pin\":[],\"quota\":[]}",
      "{\"formatVersion\":1,\"ttl\":[],\"priority\":[],\"pin\":[{\"path\":\"a\"}],\"quota\":[]}",
      "{\"formatVersion\":1,\"ttl\":[],\"priority\":[],\"pin\":[],\"quota\":[{\"path\":\"/a\",\"bytes\":-1}]}",
    ])
  func damaged(_ text: String) throws {
    let scratch = try ScratchDirectory("rules")
    let file = RulesFile(directory: scratch.path)
    for round in 0..<2 {
      try writeBytes(Array(text.utf8), to: file.path)
      do {
        _ = try file.load()
        Issue.record("\(text) is taken")
      } catch {
        #expect(error.code == .damaged)
        #expect(error.description.contains("\(file.path).damaged-\(round)"), "\(error)")
      }
    }
    #expect(file.asides == ["\(file.path).damaged-0", "\(file.path).damaged-1"])
    #expect(try readText(file.asides[0]) == text)
    #expect(try file.load().pins.isEmpty)
  }
}
