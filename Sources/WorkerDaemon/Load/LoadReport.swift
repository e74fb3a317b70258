// A job's progress as clients read it: text (compat §7.5) and JSON (compat §7.6).

import Model

/// A job's progress at one instant.
package struct LoadReport: Equatable, Sendable {
  /// What the job was asked for.
  package var options = LoadOptions()
  /// The state at the instant.
  package var state: LoadState = .waiting
  /// Why it failed; nil unless it did.
  package var failure: String?
  /// The books at the instant.
  package var ledger = LoadLedger()
  /// Whether the listing is complete, so that totals are known.
  package var isListed = false
  /// Entries of the listing that are no files to load; they are neither loaded nor failed.
  package var leftOutCount: Int64 = 0
  /// What such entries are in this UFS.
  package var leftOutReason = ""
  /// Time since the job started, up to its end.
  package var elapsed: Duration = .zero
  /// The last failed ranges.
  package var recentFailures: [LoadIncident] = []
  /// Ranges waiting for another attempt.
  package var recentRetries: [LoadIncident] = []
  /// Whether details were asked for.
  package var isVerbose = false

  /// An empty report.
  package init() {}

  /// Total bytes, nil while unknown.
  package var totalBytes: Int64? {
    isListed && !options.partialListing && !options.metadataOnly ? ledger.listed.bytes : nil
  }

  /// Bytes per second since the start, nil while nothing is known.
  package var throughput: Int64? {
    let milliseconds = Int64(clamping: elapsed.wholeMilliseconds)
    guard !options.metadataOnly, milliseconds > 0, ledger.loaded.bytes > 0 else { return nil }
    let (high, low) = UInt64(ledger.loaded.bytes).multipliedFullWidth(by: 1000)
    guard high < UInt64(milliseconds) else { return .max }
    return Int64(clamping: UInt64(milliseconds).dividingFullWidth((high, low)).quotient)
  }

  /// `LOADING` or `RETRYING` while running, else nil.
  package var stage: String? {
    state == .running ? (isListed && isOnlyRetrying ? "RETRYING" : "LOADING") : nil
  }

  /// Failed files in hundredths of a percent of the files settled.
  package var fileFailureRate: Int64 {
    RateText.percentHundredths(ledger.failed.files, of: ledger.processedFiles)
  }

  /// Failed ranges in hundredths of a percent of the ranges asked for.
  package var subtaskFailureRate: Int64 {
    RateText.percentHundredths(ledger.failedSubtasks, of: ledger.subtasks)
  }

  /// Retried ranges in hundredths of a percent of the ranges asked for.
  package var subtaskRetryRate: Int64 {
    RateText.percentHundredths(ledger.retriedSubtasks, of: ledger.subtasks)
  }

  private var isOnlyRetrying: Bool {
    ledger.retrying > 0 && ledger.retrying >= ledger.pending.files
  }
}

extension Duration {
  /// Whole milliseconds, clamped to 64 bits; 0 for negative durations.
  package var wholeMilliseconds: Int64 {
    let parts = components
    guard parts.seconds >= 0, parts.attoseconds >= 0 else { return 0 }
    let (product, overflow) = parts.seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return .max }
    let (sum, carry) = product.addingReportingOverflow(
      parts.attoseconds / 1_000_000_000_000_000)
    return carry ? .max : sum
  }
}
