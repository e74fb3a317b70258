// The metrics of the job service (compat §11.3).

import Model
import Scheduler

extension MetricsPage {
  /// Adds the families of the job service.
  mutating func add(_ metrics: SchedulerMetrics) {
    addJobs(metrics)
    addWork(metrics)
    gauge(
      "penstock_scheduler_workers", "Workers, by what they are fit for.",
      [
        ("state=\"live\"", Int64(metrics.workers)),
        ("state=\"suspect\"", Int64(metrics.suspectWorkers)),
      ])
    counter(
      "penstock_scheduler_store_batches_total", "Writes to the job store, by outcome.",
      [
        ("outcome=\"given\"", metrics.storeBatches), ("outcome=\"failed\"", metrics.storeFailures),
      ])
  }

  private mutating func addJobs(_ metrics: SchedulerMetrics) {
    gauge(
      "penstock_jobs", "Jobs that have not ended, by state.",
      [
        ("state=\"waiting\"", Int64(metrics.waitingJobs)),
        ("state=\"running\"", Int64(metrics.runningJobs)),
        ("state=\"verifying\"", Int64(metrics.verifyingJobs)),
      ])
    counter(
      "penstock_jobs_submitted_total", "Submissions, by what became of them.",
      [
        ("outcome=\"stored\"", metrics.submittedJobs),
        ("outcome=\"repeated\"", metrics.repeatedSubmissions),
        ("outcome=\"invalid\"", metrics.refusedInvalid),
        ("outcome=\"capacity\"", metrics.refusedCapacity),
        ("outcome=\"store\"", metrics.refusedStore),
      ])
    counter(
      "penstock_job_verifications_total",
      "Times that jobs listed again to load what was missing.", [("", metrics.verifications)])
    counter(
      "penstock_jobs_ended_total", "Jobs that ended, by state.",
      [
        ("state=\"succeeded\"", metrics.succeededJobs), ("state=\"failed\"", metrics.failedJobs),
        ("state=\"stopped\"", metrics.stoppedJobs),
      ])
  }

  private mutating func addWork(_ metrics: SchedulerMetrics) {
    func samples(_ path: KeyPath<FileCount, Int64>) -> [(String, UInt64)] {
      [
        ("outcome=\"loaded\"", UInt64(clamping: metrics.loaded[keyPath: path])),
        ("outcome=\"skipped\"", UInt64(clamping: metrics.skipped[keyPath: path])),
        ("outcome=\"failed\"", UInt64(clamping: metrics.failed[keyPath: path])),
      ]
    }
    counter("penstock_job_files_total", "Files settled by jobs, by outcome.", samples(\.files))
    counter("penstock_job_bytes_total", "Bytes settled by jobs, by outcome.", samples(\.bytes))
    counter(
      "penstock_tasks_total", "Tasks, by what became of them.",
      [
        ("outcome=\"dispatched\"", metrics.dispatchedTasks),
        ("outcome=\"ended\"", metrics.endedTasks), ("outcome=\"broken\"", metrics.brokenTasks),
        ("outcome=\"stuck\"", metrics.stuckTasks), ("outcome=\"slow\"", metrics.slowTasks),
      ])
    gauge("penstock_tasks", "Tasks at workers now.", [("", Int64(metrics.runningTasks))])
    gauge(
      "penstock_job_files_in_memory", "Files that the scheduler holds, by state.",
      [
        ("state=\"all\"", Int64(metrics.filesInMemory)),
        ("state=\"retrying\"", Int64(metrics.retryingFiles)),
      ])
  }
}
