// Whether trying again can help; decided where the cause of an error is known.

/// What an error says about trying again.
package enum RetryAdvice: Sendable, Hashable {
  /// The same request fails again.
  case never
  /// The same request may succeed at once.
  case now
  /// The same request may succeed after a pause, to be jittered by whoever waits.
  case after(Duration)
}
