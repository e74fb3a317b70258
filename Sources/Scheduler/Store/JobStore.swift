// Where jobs are kept: memory | RocksDB. A store that several coordinators share fits behind the same protocol: every batch
// concerns jobs by id, and each change of state names the record it puts, which is what a compare-and-set needs.

/// A store of jobs.
package protocol JobStore: AnyObject, Sendable {
  /// Has `batch` made durable after all batches before it; returns at once.
  ///
  /// `done` is called once, in the order of the batches, from a thread of the store: with nil when the batch is durable. After a
  /// failure every batch under the same fence or an earlier one fails, too, so that the log never has a hole.
  func commit(_ batch: StoreBatch, done: @escaping @Sendable (SchedulerError?) -> Void)

  /// Gives every job that has not ended, oldest first; blocks.
  ///
  /// - Throws: when the store cannot be read at all; a single record that cannot is given as `.damaged`.
  func recover(_ visit: (RecoveredJob) -> Void) throws(SchedulerError)

  /// A page of jobs; blocks.
  ///
  /// - Throws: when the store cannot be read.
  func list(_ query: JobQuery) throws(SchedulerError) -> JobPage

  /// How many jobs are asked for, on every page together; blocks, and looks at every job.
  ///
  /// - Throws: when the store cannot be read.
  func count(_ query: JobQuery) throws(SchedulerError) -> Int

  /// A job's record, nil without one; blocks.
  ///
  /// - Throws: when the store or the record cannot be read.
  func record(of id: JobID) throws(SchedulerError) -> JobRecord?

  /// The latest job of a name, nil without one; blocks.
  ///
  /// - Throws: when the store cannot be read.
  func latest(_ name: JobIdentity) throws(SchedulerError) -> JobID?

  /// At most `limit` failed files of a job from number `first` on; blocks.
  ///
  /// - Throws: when the store cannot be read.
  func failures(
    of id: JobID, from first: UInt64, limit: Int
  ) throws(SchedulerError) -> [FailedFile]

  /// Removes jobs that ended before that many milliseconds since 1970, at most `limit`; blocks.
  ///
  /// - Returns: the records it removed.
  /// - Throws: when the store cannot be written.
  func removeEnded(before: Int64, limit: Int) throws(SchedulerError) -> [JobRecord]

  /// Makes what was given durable, and lets go of the store; blocks. Nothing is asked of it afterwards.
  func close()
}
