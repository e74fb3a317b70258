// A job's progress as people and programs read it: text (compat §7.5), JSON (compat §7.6), REST (compat §7.7).

import Model

/// A report of a job's progress.
package struct JobReport: Equatable, Sendable {
  /// The job at an instant.
  package var progress: JobProgress
  /// Whether details were asked for.
  package var isVerbose: Bool

  /// The report of `progress`.
  package init(_ progress: JobProgress, isVerbose: Bool = false) {
    self.progress = progress
    self.isVerbose = isVerbose
  }

  var record: JobRecord { progress.record }
  var options: JobOptions { record.specification.options }
  var ledger: JobLedger { progress.totals.ledger }

  /// What was listed, and what an early end gave back of it.
  private var whole: FileCount { ledger.listed + progress.totals.givenBack }

  /// Total bytes, nil while unknown.
  package var totalBytes: Int64? {
    guard !options.partialListing, !options.metadataOnly else { return nil }
    if progress.totals.isListed { return whole.bytes }
    // What was counted ahead is of another moment: never less than what is listed.
    return progress.totals.expected.map { max($0.bytes, ledger.listed.bytes) }
  }

  /// Total files, nil while unknown.
  package var totalFiles: Int64? {
    if progress.totals.isListed { return whole.files }
    return progress.totals.expected.map { max($0.files, ledger.listed.files) }
  }

  /// Bytes a second since the job's turn, nil while nothing is known.
  package var throughput: Int64? {
    guard !options.metadataOnly, progress.elapsedMilliseconds > 0, ledger.loaded.bytes > 0 else {
      return nil
    }
    let milliseconds = UInt64(progress.elapsedMilliseconds)
    let (high, low) = UInt64(ledger.loaded.bytes).multipliedFullWidth(by: 1000)
    guard high < milliseconds else { return .max }
    return Int64(clamping: milliseconds.dividingFullWidth((high, low)).quotient)
  }

  /// `LOADING` or `RETRYING` while running, else nil.
  package var stage: String? {
    guard record.state == .running else { return nil }
    let isRetrying =
      progress.totals.isListed && progress.totals.retrying > 0 && progress.taskCount == 0
    return isRetrying ? "RETRYING" : "LOADING"
  }

  /// Failed files in hundredths of a percent of the files settled.
  package var fileFailureRate: Int64 {
    RateText.percentHundredths(ledger.failed.files, of: ledger.settled.files)
  }

  /// Failed attempts in hundredths of a percent of all.
  package var subtaskFailureRate: Int64 {
    RateText.percentHundredths(progress.totals.failedSubtasks, of: progress.totals.subtasks)
  }

  /// Attempts made again in hundredths of a percent of all.
  package var subtaskRetryRate: Int64 {
    RateText.percentHundredths(progress.totals.retriedSubtasks, of: progress.totals.subtasks)
  }

  /// What is to be known of an end that did nothing; nil when there is nothing.
  package var notice: String? {
    guard record.state == .succeeded, ledger.listed.files == 0 else { return nil }
    if record.specification.type == .free { return "nothing of it was in the cache" }
    let filtered = progress.totals.filteredFiles
    return filtered > 0 ? "the filter kept none of \(filtered) files" : "there is no file"
  }

  /// Why the job failed, as the text report puts it behind the state; empty unless it did.
  var failureSuffix: String {
    record.failure.map { " (\(JobReport.failureClass): \($0))" } ?? ""
  }

  /// The class of failures in reports.
  static let failureClass = "JobFailed"
}
