// The states of a load job, as compat §7.1 names them.

/// State of a load job.
package enum LoadState: String, Sendable {
  /// Submitted, and not yet given its turn.
  case waiting = "WAITING"
  /// Listing and loading.
  case running = "RUNNING"
  /// Listing again, to load what is new or missing.
  case verifying = "VERIFYING"
  /// Ended with every byte it was asked for in the cache.
  case succeeded = "SUCCEEDED"
  /// Ended with something missing.
  case failed = "FAILED"
  /// Stopped by hand.
  case stopped = "STOPPED"

  /// Whether the job has ended.
  package var isTerminal: Bool {
    switch self {
    case .waiting, .running, .verifying: false
    case .succeeded, .failed, .stopped: true
    }
  }

  /// The word clients get: one of them raises an error on `WAITING`.
  package var clientWord: String { self == .waiting ? Self.running.rawValue : rawValue }
}
