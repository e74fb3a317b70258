import Testing

@testable import WorkerDaemon

@Suite struct LineLimitTests {
  @Test("what was counted is told when its interval is over, or all of it at the end")
  func counted() {
    let limit = LineLimit(interval: 100)
    #expect(limit.turn(of: "a", now: 1000) == .tell(suppressed: 0))
    #expect(limit.turn(of: "a", now: 1050, count: 3) == .keepQuiet)
    #expect(limit.turn(of: "b", now: 1060) == .tell(suppressed: 0))
    #expect(limit.takeCounted(now: 1099).isEmpty)
    let due = limit.takeCounted(now: 1100)
    #expect(due.map(\.word) == ["a"] && due.map(\.suppressed) == [3])
    #expect(limit.takeCounted(now: 1300).isEmpty, "it is told once")
    #expect(limit.turn(of: "a", now: 1101) == .keepQuiet, "and counts as told")
    #expect(limit.takeCounted(now: .max).map(\.suppressed) == [1])
  }
}
