// A worker as the coordinator's driver sees it: in the same process, or at the other end of a connection.

package import Scheduler

/// What a worker says of a task.
package enum TaskWord: Sendable, Equatable {
  /// Results since the last word, which file it is at, and the bytes that have come of files without a result.
  case progress([FileResult], underway: Int?, arrived: Int64 = 0)
  /// The task has ended: results since the last word. The last word of a task.
  case ended([FileResult], TaskEnd)
}

/// Runs tasks.
package protocol TaskWorker: AnyObject, Sendable {
  /// Starts a task; `report` is called from any thread, in order, and for the last time with `.ended`.
  func run(_ request: TaskRequest, report: @escaping @Sendable (TaskWord) -> Void)

  /// Ends a task early; its `.ended` comes all the same.
  func cancel(_ id: TaskID)

  /// The job has ended: what is remembered for its tasks can go.
  func forget(_ job: JobID)
}
