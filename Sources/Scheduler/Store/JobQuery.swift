// Questions to a store.

/// Which jobs are asked for.
package struct JobQuery: Sendable, Equatable {
  /// Jobs after this one, in the order of the query; nil for the first page.
  package var after: JobID?
  /// Jobs at most.
  package var limit: Int
  /// Only of this type; nil for all.
  package var type: JobType?
  /// Only in this state; nil for all.
  package var state: JobState?
  /// Newest first instead of oldest first.
  package var isNewestFirst = false

  /// The jobs after `after`, oldest first.
  package init(after: JobID? = nil, limit: Int = 1000) {
    self.after = after
    self.limit = limit
  }

  /// Whether a record is asked for.
  func wants(_ record: JobRecord) -> Bool {
    (type == nil || type == record.specification.type) && (state == nil || state == record.state)
  }
}

/// A page of jobs.
package struct JobPage: Sendable, Equatable {
  /// The jobs.
  package var records: [JobRecord] = []
  /// What the next page comes after; nil when there is none.
  package var next: JobID?

  /// An empty page.
  package init() {}
}

/// A job that a store gives back at a start.
package enum RecoveredJob: Sendable, Equatable {
  /// A result of before the restart: its number and the files it settled.
  package struct Result: Sendable, Equatable {
    /// Its number.
    package var number: UInt64
    /// What it settled.
    package var files: [FileDigest]

    /// A result of its parts.
    package init(number: UInt64, files: [FileDigest]) {
      self.number = number
      self.files = files
    }
  }

  /// A job that has not ended.
  case active(JobRecord, JobCheckpoint?, [Result])
  /// A job whose record cannot be read, and why.
  case damaged(JobID, reason: String)
}
