// A call on its way.

/// One call waiting for its answer.
///
/// Ring-confined.
// SAFETY: confined to the reactor's thread; whoever is elsewhere goes by a task there.
@safe final class HDFSCall: @unchecked Sendable {
  /// What came of it.
  typealias Outcome = Result<ProtobufReader, HDFSFailure>

  /// When to give up, in the reactor's time.
  let deadline: UInt64
  private var outcome: Outcome?
  private var waiter: UnsafeContinuation<Outcome, Never>?

  /// A call that ends at `deadline`.
  init(deadline: UInt64) {
    self.deadline = deadline
    unsafe waiter = nil
  }

  /// Waits for the outcome.
  func wait() async -> Outcome {
    if let outcome { return outcome }
    return await unsafe withUnsafeContinuation { unsafe waiter = $0 }
  }

  /// Ends the wait; only the first outcome counts.
  func finish(_ outcome: Outcome) {
    guard self.outcome == nil else { return }
    self.outcome = outcome
    if let waiter = unsafe waiter {
      unsafe self.waiter = nil
      unsafe waiter.resume(returning: outcome)
    }
  }
}
