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
      guard let record = JobRecord(id: id, decoding: job.record) else { return nil }
      var progress = JobProgress(record, at: date)
      progress.waits = live.isEmpty ? Self.noWorker : nil
      return progress
    }
    guard let run = runs[id] else { return nil }
    var progress = JobProgress(run.record, at: date)
    progress.totals = run.totals
    progress.recentFailures = run.recentFailures.all
    progress.recentRetries = run.recentRetries.all
    progress.taskCount = run.tasks.count
    progress.arrived = arrived(of: run)
    progress.waits = obstacle(to: run)
    progress.stuckTasks = silentTasks { $0 === run }
    return progress
  }

  /// Bytes of files in flight that are there; replicas count by their share.
  private func arrived(of run: JobRun) -> Int64 {
    let parts = run.tasks.reduce(0 as Int64) { $0 &+ (tasks[$1]?.arrived ?? 0) }
    let done = run.splits.values.reduce(0 as Int64) { $0 &+ $1.doneBytes }
    let replicas = Int64(max(1, run.record.specification.options.replicas))
    return min(max(0, parts / replicas &+ done), run.ledger.inFlight.bytes)
  }

  /// Tasks that were not heard of for a quarter of the stall time, those whose files were given to others included; oldest first.
  private func silentTasks(where isWanted: (JobRun) -> Bool) -> [StuckTask] {
    let quiet = limits.stallTime.clampedNanoseconds / 4
    let silent = tasks.values.filter { task in
      now.ticks &- task.heardAt >= quiet && (task.isStuck || !task.isAbandoned)
        && isWanted(task.run)
    }
    return silent.sorted { ($0.heardAt, $0.id.number) < ($1.heardAt, $1.id.number) }.map { task in
      var stuck = description(of: task, since: task.heardAt)
      stuck.isGivenUp = task.isStuck
      return stuck
    }
  }

  /// What people are told who have a job and no worker.
  package static let noWorker = "no worker is registered; waits for one"

  /// Whether some worker is there.
  package var hasWorker: Bool { !live.isEmpty }

  /// What keeps a job from going on, in one line; nil while it goes on.
  private func obstacle(to run: JobRun) -> String? {
    if let closing = run.closing {
      let seconds = (max(closing.due, now.ticks) - now.ticks) / 1_000_000_000
      return "\(run.tasks.count) tasks are called off and say what they did; at most \(seconds) s"
    }
    if isHolding, let storeFailure { return "the job store takes no writes: \(storeFailure)" }
    if live.isEmpty { return Self.noWorker }
    if let failure = run.listFailure {
      let seconds = (now.ticks &- failure.since) / 1_000_000_000
      return "listing waits, for \(seconds) s: \(failure.reason)"
    }
    return absentWorkers(of: run)
  }

  /// The registered workers as others see them.
  package var workerStates: [WorkerState] {
    workers.indices.filter { !workers[$0].isRemoved }.map { place in
      let worker = workers[place]
      // It may be asked again by now: it is doubted until it has done something of a task.
      let isSuspect =
        worker.isLive && (isSuspect(place) || worker.brokenCount >= Self.unreachableCountMin)
      return WorkerState(
        info: worker.info, isLive: worker.isLive, isSuspect: isSuspect, taskCount: worker.taskCount)
    }
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
    metrics.silentTasks = silentTasks { _ in true }
  }
}
