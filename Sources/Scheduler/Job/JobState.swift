// The states of a job, as compat §7.1 names them.

/// State of a job.
package enum JobState: UInt8, Sendable, CaseIterable {
  /// Stored, and not yet given its turn.
  case waiting = 1
  /// Tasks are being dispatched.
  case running = 2
  /// Everything is listed again to load what is new or missing.
  case verifying = 3
  /// Ended with everything done.
  case succeeded = 4
  /// Ended with something missing.
  case failed = 5
  /// Stopped by hand.
  case stopped = 6

  /// Whether the job has ended.
  package var isTerminal: Bool { rawValue >= JobState.succeeded.rawValue }

  /// The word in reports.
  package var word: String {
    switch self {
    case .waiting: "WAITING"
    case .running: "RUNNING"
    case .verifying: "VERIFYING"
    case .succeeded: "SUCCEEDED"
    case .failed: "FAILED"
    case .stopped: "STOPPED"
    }
  }

  /// The state of a word in any case, nil for another; `FINISHED` is an older word for `SUCCEEDED`.
  package init?(word: String) {
    let upper = word.uppercased()
    if upper == "FINISHED" {
      self = .succeeded
      return
    }
    guard let state = JobState.allCases.first(where: { $0.word == upper }) else { return nil }
    self = state
  }
}
