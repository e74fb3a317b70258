// A piece of a task that is asked for at once.

import Model

/// Some pages of a file, or one question about it.
struct TaskUnit: Sendable {
  /// What is to be done.
  enum Work: Sendable {
    /// Bring these pages into the cache.
    case pages(LoadTicket, Range<UInt32>)
    /// Ask for the status.
    case metadata(FileStatus)
    /// Free the path.
    case free(String)
    /// Copy or move the file.
    case transfer(TransferOrder)
  }

  /// The file's place in the task.
  let index: Int
  /// What is to be done.
  let work: Work
}
