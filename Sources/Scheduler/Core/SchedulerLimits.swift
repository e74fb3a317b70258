// The bounds of the job service; each is a configuration key or has its reason here.

/// Bounds of a scheduler.
package struct SchedulerLimits: Sendable, Equatable {
  /// Tasks that a worker runs at a time.
  package var tasksPerWorker = 3
  /// Tasks of jobs with a bandwidth that a worker runs at a time besides those.
  package var limitedTasksPerWorker = 16
  /// Jobs that run at a time.
  package var runningJobCountMax = 100
  /// Jobs that may wait.
  package var waitingJobCountMax = 300_000
  /// Files of a task unless the job says otherwise.
  package var batchSize = 200
  /// Files larger than this are spread over workers in pieces of it; 0: files stay whole.
  package var pieceSize: Int64 = 0
  /// Entries asked of a listing at a time.
  package var listingPageSize = 1000
  /// Files of one job in memory, at least two listing pages.
  package var jobWindow = 40_000
  /// Files of all jobs in memory; every running job may have two listing pages all the same.
  package var totalWindow = 200_000
  /// Attempts at a file that fails for its own reasons.
  package var attemptCountMax = 5
  /// Attempts at a file that workers were lost with, or failed at; from the fourth on it travels alone.
  package var faultCountMax = 50
  /// Files of a job that wait for another attempt at most; further ones fail at once.
  package var retryCountMax = 1_000_000
  /// First pause before another attempt, doubled each time.
  package var backoffBase = Duration.milliseconds(50)
  /// Longest pause before another attempt.
  package var backoffMax = Duration.seconds(10)
  /// How long a listing page that the source does not give is asked for again.
  package var listRetryTime = Duration.seconds(120)
  /// Failed files after which a job ends early; nil for any number.
  package var failureCountThreshold: Int64?
  /// Share of failed files, in hundredths of a percent, beyond which a job ends early; 10000 for never.
  package var failureRatioThreshold: Int64 = 10_000
  /// Failed files of a job that the store keeps.
  package var failedFileCountMax: UInt64 = 1_000_000
  /// Silence after which a task is taken for stuck.
  package var stallTime = Duration.seconds(60)
  /// How long a job that changes its files, and is stopped or fails, waits for what its tasks have done.
  package var closeTime = Duration.seconds(10)
  /// How long a task may run, however it progresses, before it is named as slow.
  package var slowTime = Duration.seconds(300)
  /// Verifications of a job at most; a job that loses files again after the last of them fails.
  package var verificationCountMax: Int64 = 10
  /// Verifications of a job at most that load again what left the cache; the next one only says what is missing.
  package var reloadCountMax = 3
  /// How long after a start of the coordinator workers that a job relies on may take to come back.
  package var returnTime = Duration.seconds(5)
  /// How long ended jobs are kept.
  package var retention = Duration.seconds(7 * 86_400)
  /// How often ended jobs are looked for.
  package var cleanupInterval = Duration.seconds(3600)
  /// How long after start the first job is given its turn.
  package var initialWait = Duration.zero

  /// The ratio as text, such as `12.50%`.
  var failureRatioText: String {
    let part = failureRatioThreshold % 100
    return "\(failureRatioThreshold / 100).\(part < 10 ? "0" : "")\(part)%"
  }

  /// The defaults of compat §7.8 and §16.
  package init() {}
}
