// Each job's life in the log, by its id: submitted, started, first task, listed, retries, failures, verified, ended.
//
// Bounded: of submissions a hundred a second are told one by one, of retries and failures those that reach a power of ten.

import Logging
import Model
import Scheduler

extension Coordinator {
  /// Writes what the scheduler notes.
  func tell(_ note: SchedulerNote) {
    switch note {
    case .jobSubmitted, .jobStarted, .jobDispatches, .jobListed, .jobVerifies: tellCourse(note)
    case .jobRetries(let id, let count, let last):
      log.info("job retries", metadata: metadata(id, count: count, last))
    case .jobFails(let id, let count, let last):
      log.warning("job fails at files", metadata: metadata(id, count: count, last))
    case .jobLosesTasks(let id, let worker, let tasks, let files, let reason):
      log.warning(
        "job loses tasks",
        metadata: [
          "job": "\(id)", "worker": "\(worker)", "tasks": "\(tasks)", "files": "\(files)",
          "why": "\(reason)",
        ])
    case .taskStuck(let task): log.warning("task shows no progress", metadata: metadata(of: task))
    case .taskSlow(let task): log.warning("task takes long", metadata: metadata(of: task))
    case .workerSuspect(_, let name):
      log.warning("worker answers no task", metadata: ["worker": "\(name)"])
    case .storeFails(let error): log.error("jobs cannot be written: \(error)")
    case .storeWorks: log.notice("jobs can be written again")
    }
  }

  /// Writes how far a job has come.
  private func tellCourse(_ note: SchedulerNote) {
    switch note {
    case .jobSubmitted(let record): tellSubmission(of: record)
    case .jobStarted(let id, let isResumed):
      log.info(
        isResumed ? "job goes on after a restart" : "job started", metadata: ["job": "\(id)"])
    case .jobDispatches(let id, let worker, let files):
      log.info(
        "job's first task goes to a worker",
        metadata: ["job": "\(id)", "worker": "\(worker)", "files": "\(files)"])
    case .jobListed(let id, let count, let isVerification):
      log.info(
        "job is listed",
        metadata: [
          "job": "\(id)", "files": "\(count.files)", "bytes": "\(count.bytes)",
          "pass": isVerification ? "verification" : "first",
        ])
    case .jobVerifies(let id, let pass, let reason):
      log.notice(
        "job verifies", metadata: ["job": "\(id)", "pass": "\(pass)", "why": "\(reason)"])
    default: break
    }
  }

  private func tellSubmission(of record: JobRecord) {
    guard submissions.isTold(record.id, at: Self.ticks()) else { return }
    log.info(
      "job submitted",
      metadata: [
        "job": "\(record.id)", "type": "\(record.specification.type.word)",
        "path": "\(record.specification.subject)",
      ])
  }

  /// Writes of which submissions nothing was told, once their second is over.
  func tellSubmissionsLeftOut(at now: UInt64) {
    guard let rest = submissions.takeLeftOut(at: now) else { return }
    log.info(
      "jobs submitted, not told one by one",
      metadata: ["count": "\(rest.count)", "from": "\(rest.first)", "to": "\(rest.last)"])
  }

  /// Writes what a job came to.
  func tellEnd(of record: JobRecord) {
    let (totals, ledger) = (record.totals, record.totals.ledger)
    log.notice(
      "job ended",
      metadata: [
        "job": "\(record.id)", "path": "\(record.specification.subject)",
        "state": "\(record.state.word)", "failure": "\(record.failure ?? "")",
        "listed": "\(ledger.listed.files)", "loaded": "\(ledger.loaded.files)",
        "skipped": "\(ledger.skipped.files)", "failed": "\(ledger.failed.files)",
        "bytes": "\(ledger.loaded.bytes)", "retries": "\(totals.retriedSubtasks)",
        "verifications": "\(totals.verificationCount)",
        "milliseconds": "\(JobProgress(record, at: Self.date()).elapsedMilliseconds)",
      ])
  }

  private func metadata(_ id: JobID, count: Int64, _ last: NamedFailure) -> Logger.Metadata {
    ["job": "\(id)", "count": "\(count)", "last": "\(last.subject)", "why": "\(last.reason)"]
  }

  private func metadata(of task: StuckTask) -> Logger.Metadata {
    let seconds = (Self.ticks() &- task.since) / 1_000_000_000
    return [
      "job": "\(task.job)", "task": "\(task.task)", "worker": "\(task.workerName)",
      "path": "\(task.path)", "seconds": "\(seconds)",
    ]
  }
}
