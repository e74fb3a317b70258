// What a worker says of one file of a task.

/// Why a file was not dealt with.
package struct FileFailure: Equatable, Sendable {
  /// What the failure says.
  package enum Kind: UInt8, Sendable {
    /// The file cannot be had, or not now.
    case file = 0
    /// The file has another version now.
    case changed = 1
    /// The worker could not; another one may.
    case worker = 2
  }

  /// What the failure says.
  package var kind: Kind
  /// One line for the report.
  package var reason: String
  /// How long to wait before another attempt; nil when trying again is useless.
  package var retryAfter: Duration?

  /// A failure of its parts.
  package init(_ kind: Kind = .file, _ reason: String, retryAfter: Duration? = nil) {
    self.kind = kind
    self.reason = reason
    self.retryAfter = retryAfter
  }
}

/// What became of a file.
package enum FileOutcome: Equatable, Sendable {
  /// Done; the file, or the range, has so many bytes.
  case done(bytes: Int64)
  /// It was there already.
  case skipped
  /// FREE: so many files and bytes left the cache.
  case freed(FileCount)
  /// An audit: so much of what the job counts on the worker is gone; `fits` says whether all of it could be there at once.
  case missing(FileCount, fits: Bool)
  /// Not done.
  case failed(FileFailure)
}

/// What became of one file of a task.
package struct FileResult: Equatable, Sendable {
  /// The file's 0-based place in the task.
  package var index: Int
  /// What became of it.
  package var outcome: FileOutcome

  /// A result of its parts.
  package init(_ index: Int, _ outcome: FileOutcome) {
    self.index = index
    self.outcome = outcome
  }
}

/// How a task ended; files without a result are taken up again unless it was cancelled.
package enum TaskEnd: Equatable, Sendable {
  /// The worker went through all of it.
  case done
  /// It was cancelled.
  case cancelled
  /// The worker has no room for another task: none of it was begun.
  case refused
  /// It broke off.
  case failed(TaskFailure, String)
}

/// Why tasks break off, in the words of compat §7.8.
package enum TaskFailure: String, Sendable, CaseIterable {
  case cancelled = "CANCELLED"
  case interrupted = "INTERRUPTED"
  case membershipChanged = "MEMBERSHIP_CHANGED"
  case workerFailed = "WORKER_FAILED"
  case workerRPCFailed = "WORKER_RPC_FAILED"
  case workerNotReachable = "WORKER_NOT_REACHABLE"
}
