import Testing

@testable import WorkerDaemon

@Suite("PatientCall", .timeLimit(.minutes(1)))
struct PatientCallTests {
  @Test("a call is waited for until its limit, and its result is there when it ends")
  func waits() throws {
    let gate = ThreadGate()
    let call = try PatientCall<Int>(name: "test") {
      gate.wait()
      return 7
    }
    #expect(call.result == nil)
    #expect(call.result(within: .milliseconds(20)) == nil)
    #expect(call.result(until: 0) == nil)
    gate.open()
    #expect(call.result(until: nil) == 7)
    #expect(call.result == 7 && call.result(within: .zero) == 7)
  }
}
