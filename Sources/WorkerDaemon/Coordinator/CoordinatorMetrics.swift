// The metrics of the job service (compat §11.3).

import Model
import Scheduler

extension MetricsPage {
  /// Adds the families of the job service.
  mutating func add(_ metrics: SchedulerMetrics) {
    addJobs(metrics)
    addTimes(metrics)
    addWork(metrics)
    addFailures(metrics)
    addKnownNames(metrics)
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
    addSilentTasks(metrics.silentTasks)
    gauge(
      "penstock_job_files_in_memory", "Files that the scheduler holds, by state.",
      [
        ("state=\"all\"", Int64(metrics.filesInMemory)),
        ("state=\"retrying\"", Int64(metrics.retryingFiles)),
      ])
  }

  /// Tasks that are named at most: those that are silent for longest.
  private static let silentTaskCountMax = 100

  private mutating func addSilentTasks(_ tasks: [StuckTask]) {
    let now = Coordinator.ticks()
    gauge(
      "penstock_task_silent_seconds",
      "Time since the last progress of a task without any, by job, worker and the file it is at.",
      tasks.prefix(Self.silentTaskCountMax).map { task in
        let labels = [
          ("job", "\(task.job)"), ("task", "\(task.task)"), ("worker", task.workerName),
          ("path", task.path),
        ].map { "\($0)=\"\(Self.escape($1))\"" }
        let age = now > task.since ? now - task.since : 0
        return (labels.joined(separator: ","), Int64(clamping: age / 1_000_000_000))
      })
  }

  private mutating func addTimes(_ metrics: SchedulerMetrics) {
    counter(
      "penstock_job_milliseconds_total", "Time that jobs waited for their turn, and ran.",
      [
        ("phase=\"waiting\"", metrics.waitMilliseconds),
        ("phase=\"running\"", metrics.jobMilliseconds),
      ])
    counter(
      "penstock_task_milliseconds_total", "Time of ended tasks.",
      [("", metrics.taskNanoseconds / 1_000_000)])
  }

  private mutating func addFailures(_ metrics: SchedulerMetrics) {
    counter(
      "penstock_job_retries_total", "Attempts at files that failed and are made again, by fault.",
      [
        ("fault=\"file\"", metrics.retriedFileFailures),
        ("fault=\"worker\"", metrics.retriedWorkerFailures),
      ])
    counter(
      "penstock_job_retry_overflows_total", "Files that failed at once: too many waited already.",
      [("", metrics.retryQueueOverflows)])
    counter(
      "penstock_job_late_results_total",
      "Results that came too late or twice, and count for nothing.",
      [("", metrics.lateResults)])
    counter(
      "penstock_job_listing_pages_total", "Pages of listings, by outcome.",
      [
        ("outcome=\"asked\"", metrics.listedPages), ("outcome=\"failed\"", metrics.failedPages),
      ])
  }

  /// Families under the names that dashboards know (compat §11.2, §11.3).
  private mutating func addKnownNames(_ metrics: SchedulerMetrics) {
    func submitted(_ type: JobType) -> UInt64 { metrics.submittedTypes[Int(type.rawValue) - 1] }
    counter(
      "alluxio_meta_operation_total", "Jobs submitted, by type.",
      [
        ("op=\"load\"", submitted(.load)), ("op=\"copy\"", submitted(.copy)),
        ("op=\"move\"", submitted(.move)),
      ])
    let workers = metrics.finalWorkerFailures
    counter(
      "alluxio_distributed_load_failure_total", "Failed attempts at files.",
      [
        ("reason=\"FILE\",final_attempt=\"false\"", metrics.retriedFileFailures),
        ("reason=\"WORKER_FAILED\",final_attempt=\"false\"", metrics.retriedWorkerFailures),
        ("reason=\"FILE\",final_attempt=\"true\"", metrics.finalFailures - workers),
        ("reason=\"WORKER_FAILED\",final_attempt=\"true\"", workers),
      ])
    for (name, help) in [
      ("poll", "Polls for jobs"), ("claim", "Jobs claimed"),
      ("reclaim", "Jobs taken back from a coordinator that failed"),
    ] {
      counter("alluxio_scheduler_etcd_\(name)", "\(help); the job store is not etcd.", [("", 0)])
    }
    counter(
      "alluxio_scheduler_job_access_etcd", "Accesses to jobs in etcd; the job store is not etcd.",
      ["list", "get", "transaction"].map { ("type=\"\($0)\"", 0) })
    histogram(
      "alluxio_scheduler_etcd_latency_ms", "Latency of etcd; the job store is not etcd.",
      [("", Histogram(bounds: [1, 10, 100, 1000], counts: [0, 0, 0, 0, 0], sum: 0))])
  }
}
