import Ring
import Testing

@testable import PenstockClient

@Suite("Patience")
struct PatienceTests {
  private let broken = ClientError.broken("a word")
  private let silent = ClientError.silent("/a", for: 1_000_000)

  @Test("what an operation does ends with it, and a part of it sooner when there is another way")
  func limits() throws {
    #expect(Patience.deadline == .max)
    let begin = monotonicNow()
    let end = Patience.deadline(in: 8_000_000_000)
    #expect(end >= begin + 8_000_000_000)
    try Patience.until(end) { () throws(ClientError) in
      #expect(Patience.deadline(in: 60_000_000_000) == end && Patience.deadline(in: 1) < end)
      #expect(Patience.left(atMost: 5) == 1_000_000)
      #expect((1_000_000...8_000_000_000).contains(Patience.left(atMost: .max)))
      try Patience.leavingTime { () throws(ClientError) in
        #expect((end - 2_000_000_000...end).contains(Patience.deadline))
      }
      #expect(Patience.deadline == end)
    }
    try Patience.until(begin + 1000 * 1_000_000_000) { () throws(ClientError) in
      try Patience.leavingTime { () throws(ClientError) in
        #expect(Patience.deadline == begin + 990 * 1_000_000_000)
      }
    }
    #expect(Patience.deadline(in: .max) == .max)
  }

  @Test("an attempt that was cut off does not hide why the one before it failed")
  func reasons() {
    let now = monotonicNow()
    #expect(Patience.reason(silent, after: broken, until: now) == broken)
    #expect(Patience.reason(silent, after: nil, until: now) == silent)
    #expect(Patience.reason(silent, after: broken, until: .max) == silent)
    #expect(Patience.reason(broken, after: silent, until: now) == broken)
  }
}
