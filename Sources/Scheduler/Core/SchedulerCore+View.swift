// What others may see of the scheduler.

import Model

extension SchedulerCore {
  /// The job of a name, as long as it has not ended.
  package func activeJob(_ name: JobIdentity) -> JobID? { identities[name] }

  /// Ids of jobs that run or verify, oldest first.
  package var runningJobs: [JobID] { running.map(\.id) }

  /// A job's progress at `date` milliseconds since 1970; nil for one that has ended or never was.
  package func progress(of id: JobID, at date: Int64) -> JobProgress? {
    if let job = waiting[id] {
      return JobRecord(id: id, decoding: job.record).map { JobProgress($0, at: date) }
    }
    guard let run = runs[id] else { return nil }
    var progress = JobProgress(run.record, at: date)
    progress.totals = run.totals
    progress.recentFailures = run.recentFailures.all
    progress.recentRetries = run.recentRetries.all
    progress.taskCount = run.tasks.count
    let quiet = limits.stallTime.clampedNanoseconds / 4
    progress.stuckTasks = run.tasks.sorted().compactMap { number in
      guard let task = tasks[number], now.ticks &- task.heardAt >= quiet else { return nil }
      return description(of: task, since: task.heardAt)
    }
    return progress
  }

  /// The registered workers: who, whether they are there, how many tasks they have.
  package var workerStates: [(info: WorkerInfo, isLive: Bool, taskCount: Int)] {
    workers.map { ($0.info, $0.isLive, $0.taskCount) }
  }

  /// Brings the gauges of ``metrics`` up to date.
  package func refreshGauges() {
    metrics.waitingJobs = waiting.count
    metrics.verifyingJobs = running.count { $0.record.state == .verifying }
    metrics.runningJobs = running.count - metrics.verifyingJobs
    metrics.runningTasks = tasks.count
    metrics.retryingFiles = running.reduce(0) { $0 + $1.retries.count }
    metrics.filesInMemory = running.reduce(metrics.retryingFiles) { $0 + $1.unitCount }
    metrics.workers = live.count
    metrics.suspectWorkers = live.count { isSuspect($0) }
  }
}
