// What a simulation has to say when it is over.

/// The result of one seed.
package struct SimReport: Sendable {
  /// The seed that repeats it.
  package let seed: UInt64
  /// A hash of every event; equal for equal seeds.
  package var hash: UInt64 = 0
  /// What was wrong; empty when all is well.
  package var failures: [String] = []
  /// The last events, oldest first; only after a failure.
  package var events: [String] = []
  /// What happened, for proof that the simulation reaches what it should.
  package var counts: [String: Int] = [:]

  /// A report that nothing was written to yet.
  package init(seed: UInt64) { self.seed = seed }

  /// Everything a reader of the failure needs; empty when all is well.
  package var text: String {
    guard !failures.isEmpty else { return "" }
    return
      (["SEED=\(seed)"] + failures.prefix(10).map { "  failure: \($0)" }
      + events.map { "  \($0)" }).joined(separator: "\n")
  }
}
