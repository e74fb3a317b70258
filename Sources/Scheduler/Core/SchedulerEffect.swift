// What the scheduler wants done.

package import Model

/// A page of a listing to be fetched.
package struct ListRequest: Sendable, Equatable {
  /// Names the request in its answer.
  package var number: UInt64
  /// The job.
  package var job: JobID
  /// Its paths, and the filter to apply.
  package var specification: JobSpecification
  /// Where the page begins; nil at the start.
  package var cursor: String?
  /// Entries at most.
  package var max: Int
}

/// The answer to a request of somebody.
package enum SchedulerAnswer: Sendable, Equatable {
  /// The job is stored, and will run.
  case submitted(JobID)
  /// A job of that name has not ended; nothing changed.
  case alreadyActive(JobID)
  /// The job is stopped.
  case stopped(JobID)
  /// Refused.
  case refused(SchedulerError)
}

/// Something for the log.
package enum SchedulerNote: Sendable, Equatable {
  /// A job was stored, and waits for its turn.
  case jobSubmitted(JobRecord)
  /// A job was given its turn, or goes on after a restart.
  case jobStarted(JobID, isResumed: Bool)
  /// The first task of a job, since its turn or a restart, goes to a worker.
  case jobDispatches(JobID, worker: String, files: Int)
  /// The listing of a pass is complete: what it found.
  case jobListed(JobID, FileCount, isVerification: Bool)
  /// Attempts of a job that are made again, all together; told at 1, 10, 100 and so on, with the last of them.
  case jobRetries(JobID, count: Int64, last: NamedFailure)
  /// Files that a job gave up, all together; told at 1, 10, 100 and so on, with the last of them.
  case jobFails(JobID, count: Int64, last: NamedFailure)
  /// A job's tasks at a worker will not be answered: their open files are planned again.
  case jobLosesTasks(JobID, worker: String, tasks: Int, files: Int, reason: String)
  /// A verification of a job begins: the how manieth it is, and why.
  case jobVerifies(JobID, pass: Int64, because: String)
  /// A task shows no progress: its files go elsewhere.
  case taskStuck(StuckTask)
  /// A task takes long.
  case taskSlow(StuckTask)
  /// A worker answers no task: it gets no more for now.
  case workerSuspect(WorkerIdentity, name: String)
  /// The store takes no writes; jobs wait for it.
  case storeFails(SchedulerError)
  /// The store takes writes again.
  case storeWorks
}

/// A task that is stuck or slow: who, on what, since when.
package struct StuckTask: Sendable, Equatable {
  /// The task.
  package var task: TaskID
  /// Its job.
  package var job: JobID
  /// The worker.
  package var worker: WorkerIdentity
  /// The worker as people call it.
  package var workerName: String
  /// The file it is at, as far as known.
  package var path: String
  /// Since when there is no progress, on the clock of `SchedulerTime.ticks`.
  package var since: UInt64
  /// The same in milliseconds since 1970.
  package var sinceDate: Int64
  /// Whether its files were given to other workers; it only takes up room at this one.
  package var isGivenUp = false
}

/// Something the core tells the driver to do, in order.
package enum SchedulerEffect: Sendable, Equatable {
  /// Write; answered by `.written` or `.writeFailed`.
  case write(StoreBatch)
  /// Fetch a page; answered by `.listed` or `.listFailed`.
  case list(ListRequest)
  /// Count what lies behind the cursor; answered by `.counted`, or not at all.
  case count(ListRequest)
  /// The job lists no more: end its listing and counting.
  case endListing(JobID)
  /// Give a task to its worker; answered by `.taskEnded`.
  case dispatch(TaskRequest)
  /// Take a task back; its `.taskEnded` is still expected.
  case cancel(TaskID, worker: WorkerIdentity)
  /// Answer a request.
  case answer(request: UInt64, SchedulerAnswer)
  /// A job has ended, and that is durable; with failed files, write their list and say `.failedListSaved`.
  case ended(JobRecord)
  /// Remove jobs that ended before that many milliseconds since 1970.
  case removeEnded(before: Int64)
  /// Log.
  case note(SchedulerNote)
}
