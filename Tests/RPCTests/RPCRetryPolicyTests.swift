import Testing

@testable import RPC

@Suite("Retry policy")
struct RPCRetryPolicyTests {
  @Test("pauses double up to the longest, jittered between half and all of it")
  func pauses() {
    let policy = RPCRetryPolicy(base: .milliseconds(50), longest: .seconds(3))
    var generator = SystemRandomNumberGenerator()
    for tries in 1...40 {
      let full = min(.seconds(3), .milliseconds(50) * (1 << min(tries - 1, 20)))
      for _ in 0..<20 {
        let pause = policy.pause(after: tries, using: &generator)
        #expect(pause >= full * 0.5 && pause <= full)
      }
    }
  }
}
