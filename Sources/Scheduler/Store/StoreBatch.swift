// What the core has written: changes that are made together or not at all.

/// First 16 bytes of the SHA-256 of a path.
package struct FileDigest: Hashable, Sendable {
  /// Bytes 0–7, big-endian.
  package let high: UInt64
  /// Bytes 8–15, big-endian.
  package let low: UInt64

  /// A digest from its halves.
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}

/// A file that was given up.
package struct FailedFile: Equatable, Sendable {
  /// Its path.
  package var path: String
  /// Bytes of it.
  package var length: Int64
  /// One line.
  package var reason: String

  /// A failed file of its parts; a reason that begins with the path is kept without it.
  package init(path: String, length: Int64, reason: String) {
    self.path = path
    self.length = length
    self.reason = ReasonText.without(path, reason)
  }
}

/// Where a job's pass over its files stands.
package struct JobCheckpoint: Equatable, Sendable {
  /// Whether the pass is the verification.
  package var isVerification = false
  /// Place in the listing before which every file is settled; nil at its start.
  package var cursor: String?
  /// Whether that place is the end of the listing.
  package var isListed = false
  /// Counts of everything settled; nothing in them is in flight.
  package var totals = JobTotals()
  /// Number of the next result.
  package var nextResult: UInt64 = 0
  /// Failed files written so far.
  package var failureCount: UInt64 = 0
  /// Where what it counts as loaded is.
  package var reliance = JobReliance()
  /// Pages that were planned and are not settled, by number; each is a value of its own.
  package var pages: [PlannedPage] = []

  /// The checkpoint of a pass that begins.
  package init() {}
}

/// One change of the store.
package enum StoreWrite: Equatable, Sendable {
  /// Adds a job and its names.
  case add(JobRecord)
  /// Puts a job's record in place of the one before.
  case update(JobRecord)
  /// Puts a job's checkpoint.
  case checkpoint(JobID, JobCheckpoint)
  /// Adds a result: the files beyond the checkpoint's cursor that it settled.
  case result(JobID, UInt64, [FileDigest])
  /// Removes results that the checkpoint's cursor has passed.
  case removeResults(JobID, [UInt64])
  /// Adds failed files, the first of which has number `first`.
  case failures(JobID, first: UInt64, [FailedFile])
  /// Adds a page of a listing that may not be given again.
  case page(JobID, PlannedPage)
  /// Removes pages that the checkpoint's cursor has passed.
  case removePages(JobID, [UInt64])
  /// Removes the checkpoint, all results and all pages of a job.
  case clearWork(JobID)
  /// Removes the failed files of a job.
  case clearFailures(JobID)
}

/// Changes that are durable together or not at all.
package struct StoreBatch: Equatable, Sendable {
  /// Counts batches; an acknowledgement covers all up to it.
  package var number: UInt64
  /// After a failure, batches of the same fence or an earlier one are refused.
  package var fence: UInt64
  /// The changes, in order.
  package var writes: [StoreWrite]

  /// A batch of its parts.
  package init(number: UInt64, fence: UInt64, writes: [StoreWrite]) {
    self.number = number
    self.fence = fence
    self.writes = writes
  }
}
