// What a load job was asked for (compat §2.9, §7.2).

/// Options of a load job.
package struct LoadOptions: Equatable, Sendable {
  /// Most bytes per second taken from the UFS; nil for no limit.
  package var bandwidth: Int64?
  /// List again at the end and load what is new or missing.
  package var verify = false
  /// Accepted: listing and loading always overlap; totals are then left out of the report.
  package var partialListing = false
  /// Only file status is loaded.
  package var metadataOnly = false
  /// Files that are wholly cached count as skipped.
  package var skipIfExists = false
  /// Keeps the files whose name it matches wholly; nil keeps all.
  package var fileFilter: String?

  /// No limits, everything below the path.
  package init() {}
}

/// Bounds of all load jobs.
package struct LoadLimits: Sendable {
  /// Ranges in flight per job.
  package var concurrency = 32
  /// Bytes asked for at once.
  package var rangeBytes: Int64 = 8 << 20
  /// Attempts at one range before its file fails.
  package var attemptCountMax = 5
  /// Longest wait before another attempt.
  package var backoffMax: Duration = .seconds(10)
  /// Jobs that run at once; the rest wait.
  package var runningCountMax = 100
  /// Jobs that may wait; above, a submit is refused.
  package var waitingCountMax = 10_000
  /// Ended jobs whose report can still be asked for; the oldest leaves first.
  package var endedCountMax = 1000
  /// Failed files kept by name; their number is exact beyond it.
  package var failedFileCountMax = 1000

  /// The defaults.
  package init() {}
}
