// What a job has come to: its books, its tasks' counts and what it knows of the whole.

/// Counts of a job.
package struct JobTotals: Equatable, Sendable {
  /// The books that reports show.
  package var ledger = JobLedger()
  /// The books of the verification under way or done; nil without one.
  package var verification: JobLedger?
  /// Files asked for, each attempt counted.
  package var subtasks: Int64 = 0
  /// Attempts at a file that failed for good.
  package var failedSubtasks: Int64 = 0
  /// Attempts at a file that were made again.
  package var retriedSubtasks: Int64 = 0
  /// Files that wait for another attempt.
  package var retrying: Int64 = 0
  /// What is known of the whole before the listing is complete; nil while unknown.
  package var expected: FileCount?
  /// Whether the listing is complete.
  package var isListed = false
  /// Verifications begun.
  package var verificationCount: Int64 = 0
  /// Paths that were named twice or lie below others, and are counted once.
  package var repeatedPaths: Int64 = 0
  /// Files that the job's filter left out.
  package var filteredFiles: Int64 = 0
  /// Files that an early end gave back.
  package var givenBack = FileCount()

  /// Nothing yet.
  package init() {}
}
