// A batch on its way to a worker.

package import Model

/// What a worker does with each file of a task.
package enum TaskAction: UInt8, Sendable {
  /// Brings the range into the cache.
  case load = 1
  /// Brings the status into the cache.
  case loadMetadata = 2
  /// Checks that every page of the current version is there: there → `.skipped`, else loads what is missing → `.done`.
  case verify = 3
  /// Takes the path and everything below it out of the cache, answered by `.freed`.
  case free = 4
  /// Copies the file.
  case copy = 5
  /// Copies the file, verifies the copy, deletes the source.
  case move = 6
  /// Says whether everything that the job counts on the worker is still there: `.done` or `.missing`; one file stands for all.
  case audit = 7
  /// As `verify`, but loads nothing: what is missing is `.failed`.
  case check = 8
}

/// A task as it is given to a worker.
package struct TaskRequest: Equatable, Sendable {
  /// Its identity.
  package var id: TaskID
  /// The job it belongs to.
  package var job: JobID
  /// Which pass over the job's files it belongs to: 0 for the load, then verifications by number.
  package var pass: Int64 = 0
  /// Whether files of that pass were counted on the worker before.
  package var continues = false
  /// The worker that runs it.
  package var worker: WorkerIdentity
  /// What is done.
  package var action: TaskAction
  /// What was asked for: options, source, destination.
  package var specification: JobSpecification
  /// To which files; results name them by their place here.
  package var files: [TaskFile]

  /// A task of its parts.
  package init(
    id: TaskID, job: JobID, worker: WorkerIdentity, action: TaskAction,
    specification: JobSpecification, files: [TaskFile]
  ) {
    self.id = id
    self.job = job
    self.worker = worker
    self.action = action
    self.specification = specification
    self.files = files
  }
}
