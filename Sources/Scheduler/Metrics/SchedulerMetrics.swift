// Counters and gauges of the job service (compat §11.2, §11.3), as plain numbers of the core's thread.

/// What the scheduler counts.
package struct SchedulerMetrics: Sendable, Equatable {
  /// Jobs submitted and stored.
  package var submittedJobs: UInt64 = 0
  /// The same by type, in the order of `JobType`.
  package var submittedTypes = [UInt64](repeating: 0, count: JobType.allCases.count)
  /// Submissions refused: not right, over capacity, no store.
  package var refusedInvalid: UInt64 = 0, refusedCapacity: UInt64 = 0, refusedStore: UInt64 = 0
  /// Submissions of a job that was there.
  package var repeatedSubmissions: UInt64 = 0
  /// Jobs ended, by state.
  package var succeededJobs: UInt64 = 0, failedJobs: UInt64 = 0, stoppedJobs: UInt64 = 0
  /// Verifications begun.
  package var verifications: UInt64 = 0
  /// Sum of the time of ended jobs from their turn to their end, milliseconds.
  package var jobMilliseconds: UInt64 = 0
  /// Sum of the time that jobs waited for their turn, milliseconds.
  package var waitMilliseconds: UInt64 = 0
  /// Tasks given to workers, ended, broken off, found stuck, and found slow.
  package var dispatchedTasks: UInt64 = 0, endedTasks: UInt64 = 0, brokenTasks: UInt64 = 0
  /// Tasks found stuck and found slow.
  package var stuckTasks: UInt64 = 0, slowTasks: UInt64 = 0
  /// Sum of the time of ended tasks, nanoseconds.
  package var taskNanoseconds: UInt64 = 0
  /// Files given to workers, each attempt counted.
  package var dispatchedFiles: UInt64 = 0
  /// Attempts at files that failed and are made again, by whose fault.
  package var retriedFileFailures: UInt64 = 0, retriedWorkerFailures: UInt64 = 0
  /// Attempts at files that failed for good, and those of them that were a worker's fault.
  package var finalFailures: UInt64 = 0, finalWorkerFailures: UInt64 = 0
  /// Files that failed at once because the retry queue was full.
  package var retryQueueOverflows: UInt64 = 0
  /// Results that came too late or twice.
  package var lateResults: UInt64 = 0
  /// Files and bytes settled.
  package var loaded = FileCount(), skipped = FileCount(), failed = FileCount()
  /// Listing pages asked for, and those that failed.
  package var listedPages: UInt64 = 0, failedPages: UInt64 = 0
  /// Batches given to the store, and failures of it.
  package var storeBatches: UInt64 = 0, storeFailures: UInt64 = 0
  /// Jobs by state now.
  package var waitingJobs = 0, runningJobs = 0, verifyingJobs = 0
  /// Tasks at workers now.
  package var runningTasks = 0
  /// Tasks that show no progress now, the one that is silent for longest first.
  package var silentTasks: [StuckTask] = []
  /// Files in memory now, and those of them that wait for another attempt.
  package var filesInMemory = 0, retryingFiles = 0
  /// Workers now, and those of them that answer no task.
  package var workers = 0, suspectWorkers = 0

  /// Nothing counted.
  package init() {}
}
