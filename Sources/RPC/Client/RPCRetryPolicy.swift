// How calls that may be carried out twice are tried again.

/// Pauses between the tries of a call, and how long they may go on.
package struct RPCRetryPolicy: Sendable, Hashable {
  /// The first pause; each further one is twice as long.
  package var base: Duration
  /// The longest pause.
  package var longest: Duration
  /// Time from the first try after which none begins.
  package var budget: Duration

  /// A policy of its parts.
  package init(
    base: Duration = .milliseconds(50), longest: Duration = .seconds(3),
    budget: Duration = .seconds(120)
  ) {
    self.base = base
    self.longest = longest
    self.budget = budget
  }

  /// The pause after `tries` failed tries: between half of the full pause and all of it.
  func pause(
    after tries: Int, using generator: inout some RandomNumberGenerator
  ) -> Duration {
    precondition(tries > 0, "a pause follows a try")
    let full = min(longest, base * (1 << min(tries - 1, 20)))
    return full * (0.5 + Double.random(in: 0...0.5, using: &generator))
  }
}
