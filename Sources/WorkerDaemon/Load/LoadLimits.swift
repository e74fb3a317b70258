// The named bounds of load jobs.

/// Bounds of all load jobs.
package struct LoadLimits: Sendable {
  /// Ranges in flight per job.
  package var concurrency = 2048
  /// Bytes of a shard.
  package var rangeBytes: Int64 = 256 << 20
  /// Attempts at one range before its file fails.
  package var attemptCountMax = 5
  /// Longest wait before another attempt.
  package var backoffMax: Duration = .seconds(10)
  /// How long a UFS that is throttling or unavailable is asked again for one range before its file fails.
  package var outageMax: Duration = .seconds(600)
  /// Longest wait meanwhile: a job is to be at full speed soon after a storm.
  package var outageBackoffMax: Duration = .seconds(4)
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
