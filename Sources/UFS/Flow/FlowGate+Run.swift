// One idempotent operation: gate, attempt, outcome, and again while budget and deadline allow.

extension FlowGate {
  /// Runs `attempt` when its turn comes, and again after failures that a retry can heal.
  ///
  /// `attempt` may be called several times; it may say `pass.answered()`, and set `pass.retryAfter` before it throws. A
  /// body that is received after this returns needs a pass of its own: use `enter` and `retry`. `bytes` is what one attempt
  /// moves.
  ///
  /// - Throws: The last attempt's error; `.unavailable` when no turn came.
  package func run<Value>(
    _ verb: FlowVerb, purpose: UFSPurpose, flow: UInt64 = 0, bytes: Int64 = 0,
    deadline: UInt64 = .max,
    _ attempt: (inout FlowPass) async throws(UFSError) -> Value
  ) async throws(UFSError) -> Value {
    var pause = Duration.zero
    var number = 1
    while true {
      var pass = try await enter(
        verb, purpose: purpose, flow: flow, bytes: bytes, deadline: deadline)
      let failure: UFSError
      let retryAfter: Duration?
      do throws(UFSError) {
        let value = try await attempt(&pass)
        pass.finish(.ok(bytes: bytes))
        return value
      } catch {
        failure = error
        retryAfter = pass.retryAfter
        pass.finish(Task.isCancelled ? .failed : FlowOutcome(error, retryAfter: retryAfter))
      }
      let delay = retry(
        verb, for: purpose, after: failure, attempt: number, previous: pause,
        retryAfter: retryAfter,
        deadline: deadline)
      guard let delay, await control.clock.sleep(delay) else { throw failure }
      pause = delay
      number += 1
    }
  }
}
