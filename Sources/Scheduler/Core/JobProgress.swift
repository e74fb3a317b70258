// A job at one instant, for reports.

/// A job's progress.
package struct JobProgress: Equatable, Sendable {
  /// Its record; the counts are in ``totals``.
  package var record: JobRecord
  /// Its counts.
  package var totals: JobTotals
  /// Time since its turn, up to its end, milliseconds.
  package var elapsedMilliseconds: Int64
  /// The last failures, oldest first.
  package var recentFailures: [NamedFailure] = []
  /// The last retries, oldest first.
  package var recentRetries: [NamedFailure] = []
  /// Its tasks at workers.
  package var taskCount = 0
  /// Bytes that have come of files in flight in the pass at work; they are counted as loaded when their files are.
  package var arrived: Int64 = 0
  /// What keeps it from going on, in one line; nil while it goes on.
  package var waits: String?
  /// Those of them that show no progress.
  package var stuckTasks: [StuckTask] = []

  /// The progress of a job that does not run, at `date` milliseconds since 1970.
  package init(_ record: JobRecord, at date: Int64) {
    self.record = record
    self.totals = record.totals
    let end = record.endedAt ?? date
    elapsedMilliseconds = record.startedAt.map { max(0, end &- $0) } ?? 0
  }
}
