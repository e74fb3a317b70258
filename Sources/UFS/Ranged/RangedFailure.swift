// What an attempt at a ranged read came to when it brought no bytes.

/// A failed attempt, as every remote store tells it.
struct RangedFailure: Error, Sendable {
  /// What the reader's caller hears if it stays.
  let error: UFSError
  /// How long the store asks us to wait.
  let retryAfter: Duration?

  /// A failure of its parts.
  init(_ error: UFSError, retryAfter: Duration? = nil) {
    self.error = error
    self.retryAfter = retryAfter
  }

  /// What it says of the store.
  var outcome: FlowOutcome { FlowOutcome(error, retryAfter: retryAfter) }
}
