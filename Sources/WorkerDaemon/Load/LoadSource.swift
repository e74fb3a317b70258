// What a load job needs from the rest of the worker: a listing, a status, a way to fill pages, time.

package import Model

/// What became of a range of pages.
package enum LoadOutcome: Equatable, Sendable {
  /// Every page is cached: `filled` bytes came from the UFS now, `resident` bytes were there.
  case cached(filled: Int64, resident: Int64)
  /// The cache has no room for it; the text says why.
  case rejected(String)
  /// The UFS did not give the bytes.
  case failed(LoadFailure)
}

/// Some files of a listing.
package struct LoadBatch: Sendable {
  /// Files at the version the listing saw.
  package var files: [FileStatus]
  /// Entries that are no loadable files: names that are not UTF-8, special files, links that lead nowhere.
  package var leftOutCount: Int

  /// A batch of its parts.
  package init(files: [FileStatus], leftOutCount: Int = 0) {
    self.files = files
    self.leftOutCount = leftOutCount
  }
}

/// The worker as a load job sees it; the composition root adapts the read path to it.
///
/// All functions are called from tasks that prefer one of the job's executors.
package protocol LoadSource: Sendable {
  /// Bytes of a page.
  var pageSize: Int64 { get }
  /// Status of `path` as the UFS has it now.
  func status(of path: String) async -> Result<FileStatus, LoadFailure>
  /// Hands every file below `directory`, at any depth, to `visit` batch by batch until it answers false.
  ///
  /// Memory stays constant; each file comes once. `visit` may wait, and the listing waits with it.
  ///
  /// - Returns: the failure that ended the listing early; nil when it is complete or `visit` ended it.
  func walk(
    _ directory: String, visit: (LoadBatch) async -> Bool
  ) async -> LoadFailure?
  /// Brings the pages of `file` at this version into the cache; the range lies within the file.
  func load(_ file: FileStatus, pages: Range<UInt32>) async -> LoadOutcome
  /// Remembers the status of `file`, for loads of metadata only.
  func loadMetadata(_ file: FileStatus) async -> LoadFailure?
  /// Bytes of `file` that are cached.
  func residentBytes(of file: FileKey) -> Int64
  /// Runs `body` where it may take its time: not on a ring.
  func offload<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T
  /// Monotonic nanoseconds.
  var now: UInt64 { get }
  /// Lets `duration` pass; returns early when the task is cancelled.
  func pause(for duration: Duration) async
}
