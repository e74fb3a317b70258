// What a head parser has to say after each look at the bytes.

/// What the bytes seen so far amount to.
package enum HTTPHeadOutcome: Sendable, Hashable {
  /// The head has not ended yet.
  case incomplete
  /// The head is complete; `head.length` bytes belong to it.
  case complete
  /// The head breaks a rule: nothing that follows on the connection can be trusted.
  case rejected(HTTPRejection)
}
