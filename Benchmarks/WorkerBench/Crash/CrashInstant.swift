// When a worker is killed.

/// A moment of a worker's life, and what goes on then.
struct CrashInstant {
  /// What goes on.
  enum Kind: String, CaseIterable {
    /// Ranges are read from a worker that is up.
    case mixed = "mixed load"
    /// Whole files are read, so that every tier evicts.
    case pressure = "eviction pressure"
    /// The worker was executed a moment ago: it opens, restores, or has just begun to serve.
    case starting = "start and restore"
  }

  let kind: Kind
  /// From the beginning of the load, which for `.starting` is the execution.
  let delay: Duration

  /// An instant for a worker that needs `readyTime` to start.
  init(_ generator: inout SampleGenerator, readyTime: Duration) {
    kind = Kind.allCases[Int.random(in: 0..<3, using: &generator)]
    let longest =
      kind == .starting
      ? max(readyTime * 3, .milliseconds(20)) / .microseconds(1) : 600_000
    delay = .microseconds(Int64.random(in: 0...Int64(longest), using: &generator))
  }
}
