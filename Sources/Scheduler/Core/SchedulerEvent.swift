// What happens to the scheduler.

package import Model

/// A worker that can be given tasks.
package struct WorkerInfo: Sendable, Equatable {
  /// Who it is.
  package var identity: WorkerIdentity
  /// How people call it: host and port.
  package var name: String
  /// Made anew at each start of its process: with another one its cache may have lost what it held.
  package var incarnation: UInt64

  /// A worker of its parts.
  package init(_ identity: WorkerIdentity, name: String, incarnation: UInt64 = 0) {
    self.identity = identity
    self.name = name
    self.incarnation = incarnation
  }
}

/// A page of a listing.
package struct ListedPage: Sendable, Equatable {
  /// Files only, without those that the filter leaves out; `offset` and `size` are the whole file's.
  package var files: [TaskFile]
  /// Files that were asked for by name and cannot be had, each with its reason.
  package var failed: [FailedFile] = []
  /// Entries that are no loadable files; they count as failed.
  package var leftOutCount: Int64
  /// Paths that were named before, or lie below such: they were listed there.
  package var repeatedCount: Int64 = 0
  /// Files that the job's filter leaves out.
  package var filteredCount: Int64 = 0
  /// Where the next page begins; nil at the end of the listing.
  package var next: String?

  /// A page of its parts.
  package init(files: [TaskFile], leftOutCount: Int64 = 0, next: String?) {
    self.files = files
    self.leftOutCount = leftOutCount
    self.next = next
  }
}

/// Something the driver tells the core.
package enum SchedulerEvent: Sendable {
  /// Somebody submits a job that would get `id`; answered under `request`.
  case submit(request: UInt64, id: JobID, JobSpecification)
  /// Somebody stops a job; answered under `request`.
  case stop(request: UInt64, id: JobID)
  /// A page that was asked for.
  case listed(number: UInt64, job: JobID, ListedPage)
  /// A page that was asked for and did not come; nil when asking again is useless.
  case listFailed(number: UInt64, job: JobID, reason: String, retryAfter: Duration?)
  /// What lies behind a cursor that was to be counted.
  case counted(number: UInt64, job: JobID, FileCount)
  /// A task goes on: results since the last word, which file it is at, and the bytes that have come of files without a result.
  case taskProgress(TaskID, [FileResult], underway: Int?, arrived: Int64 = 0)
  /// A task has ended: results since the last word.
  case taskEnded(TaskID, [FileResult], TaskEnd)
  /// A worker is there, for the first time or again; what it ran before is lost.
  case workerJoined(WorkerInfo)
  /// A worker is gone, or was silent for too long.
  case workerLost(WorkerIdentity)
  /// A worker that was lost is not expected to come back.
  case workerRemoved(WorkerIdentity)
  /// All batches up to `number` are durable.
  case written(number: UInt64)
  /// The batch `number` and all later ones that were given to the store are not.
  case writeFailed(number: UInt64, SchedulerError)
  /// The list of a job's failed files was written.
  case failedListSaved(job: JobID, path: String)
  /// Time has passed.
  case tick
}
