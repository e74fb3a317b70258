import Testing

@testable import Ring

@Suite("OperationTable")
struct OperationTableTests {
  final class Recorder: CompletionHandler {
    var results: [Int32] = []
    override func complete(_ completion: Completion, isLast: Bool) {
      results.append(completion.result)
    }
  }

  @Test("a completion for a slot that was given to somebody else is counted and dropped")
  func staleCompletion() {
    var table = OperationTable(capacity: 1)
    let first = table.add(Recorder())
    do { let value = table.isFull; #expect(value) }
    guard case .handler = table.owner(of: first, isLast: true) else {
      Issue.record("the first completion finds its handler")
      return
    }
    let second = table.add(Recorder())
    #expect(second != first)
    guard case .stale = table.owner(of: first, isLast: true) else {
      Issue.record("the stale completion must not reach the new owner")
      return
    }
    do { let value = table.staleCount; #expect(value == 1) }
    let secondFlies = table.isInFlight(second)
    #expect(secondFlies)
    let firstStillFlies = table.isInFlight(first)
    #expect(!firstStillFlies)
    guard case .handler = table.owner(of: second, isLast: true) else {
      Issue.record("the second completion finds its handler")
      return
    }
    do { let value = table.inFlightCount; #expect(value == 0) }
  }

  @Test("a multishot handler keeps its slot until the kernel announces the last completion")
  func multishot() {
    var table = OperationTable(capacity: 2)
    let token = table.add(Recorder())
    for _ in 0..<3 {
      guard case .handler = table.owner(of: token, isLast: false) else {
        Issue.record("a multishot completion finds its handler")
        return
      }
    }
    do { let value = table.inFlightCount; #expect(value == 1) }
    _ = table.owner(of: token, isLast: true)
    do { let value = table.inFlightCount; #expect(value == 0) }
  }

  @Test("a token that was never given out is stale, not a trap")
  func unknownToken() {
    var table = OperationTable(capacity: 2)
    guard case .stale = table.owner(of: 77, isLast: true) else {
      Issue.record("an unknown token is stale")
      return
    }
  }
}
