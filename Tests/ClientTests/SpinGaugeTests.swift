import Testing

@testable import PenstockClient

@Suite("Looking for an answer before sleeping for it")
struct SpinGaugeTests {
  /// Which of `count` waits look, when a look finds something as `finds` says.
  private func looks(_ gauge: inout SpinGauge, _ count: Int, finds: Bool) -> [Bool] {
    (0..<count).map { _ in
      guard gauge.shouldLook() else { return false }
      gauge.note(found: finds)
      return true
    }
  }

  @Test("a new connection sleeps for its greeting and for the answer behind it")
  func first() {
    var gauge = SpinGauge()
    #expect(looks(&gauge, 3, finds: true) == [false, false, true])
  }

  @Test("looks that find something go on, and one that does not is followed by waits without")
  func changes() {
    var gauge = SpinGauge()
    _ = looks(&gauge, 2, finds: true)
    #expect(looks(&gauge, 100, finds: true).allSatisfy { $0 })
    #expect(looks(&gauge, 6, finds: false) == [true, false, false, false, false, true])
    #expect(looks(&gauge, 9, finds: true) == .init(repeating: false, count: 8) + [true])
    // One that finds something is no sign that the next will.
    #expect(looks(&gauge, 18, finds: false) == [true] + .init(repeating: false, count: 16) + [true])
    #expect(looks(&gauge, 32 + 32, finds: true).count { $0 } == 32)
    #expect(looks(&gauge, 6, finds: false) == [true, false, false, false, false, true])
  }

  @Test("where looking never pays, one wait in 257 looks")
  func never() {
    var gauge = SpinGauge()
    _ = looks(&gauge, 1000, finds: false)
    #expect(looks(&gauge, 2570, finds: false).count { $0 } == 10)
  }
}
