// A job as the store keeps it.

/// A job's record.
package struct JobRecord: Equatable, Sendable {
  /// Its UUID.
  package var id: JobID
  /// What was asked for.
  package var specification: JobSpecification
  /// Its state.
  package var state: JobState
  /// Why it failed; nil unless it did.
  package var failure: String?
  /// When it was submitted, milliseconds since 1970.
  package var submittedAt: Int64
  /// When it was given its turn, milliseconds since 1970; nil before.
  package var startedAt: Int64?
  /// When it ended, milliseconds since 1970; nil before.
  package var endedAt: Int64?
  /// Its counts; those of a running job are in its checkpoint.
  package var totals: JobTotals
  /// The file that lists what failed; nil without one.
  package var failedListPath: String?

  /// The record of a job that was just submitted.
  package init(id: JobID, _ specification: JobSpecification, submittedAt: Int64) {
    self.id = id
    self.specification = specification
    self.state = .waiting
    self.submittedAt = submittedAt
    self.totals = JobTotals()
  }
}
