// What a load job needs from the rest of the worker: a listing, a status, a way to fill pages, time.

package import Model

/// The worker as a load job sees it; the composition root adapts the read path to it.
///
/// All functions are called from tasks that prefer one of the job's executors.
package protocol LoadSource: Sendable {
  /// Bytes of a page.
  var pageSize: Int64 { get }
  /// Bytes that the cache can hold: a larger file cannot be loaded.
  var capacity: Int64 { get }
  /// How many ranges below `path` are worth asking for at once.
  func parallelism(of path: String) -> Int
  /// Status of `path` as the UFS has it now.
  func status(of path: String) async -> Result<FileStatus, LoadFailure>
  /// Hands every file below `directory`, at any depth, to `visit` batch by batch until it answers false.
  ///
  /// Memory stays constant; each file comes once, in no order. `visit` may wait, and the listing waits with it. Its
  /// requests take turns as those of `turns`.
  ///
  /// - Returns: the failure that ended the listing early; nil when it is complete or `visit` ended it.
  func walk(
    _ directory: String, turns: UInt64, visit: (LoadBatch) async -> Bool
  ) async -> LoadFailure?
  /// Brings the pages of `file` at this version into the cache; the range lies within the file.
  ///
  /// `progress` may be told how much of it is there on the way. Its requests take turns as those of `turns`.
  func load(
    _ file: FileStatus, pages: Range<UInt32>, turns: UInt64, progress: LoadProgress
  ) async -> LoadOutcome
  /// Remembers the status of `file`, for loads of metadata only.
  func loadMetadata(_ file: FileStatus) async -> LoadFailure?
  /// Says that `file` is needed and held: a crash may have lost its name.
  func nameAgain(_ file: FileStatus)
  /// Bytes of `file` that are cached.
  func residentBytes(of file: FileKey) -> Int64
  /// Whether each of `pages` of `file` is cached.
  func holds(_ pages: Range<UInt32>, of file: FileKey) -> Bool
  /// Pages that left the cache so far, for whatever reason; as long as it does not change, everything is still there.
  var departureCount: UInt64 { get }
  /// Runs `body` where it may take its time: not on a ring.
  func offload<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T
  /// Monotonic nanoseconds.
  var now: UInt64 { get }
  /// Lets others on the ring have their turn.
  func giveWay() async
  /// Lets `duration` pass; returns early when the task is cancelled.
  func pause(for duration: Duration) async
}

extension LoadSource {
  package func parallelism(of path: String) -> Int { .max }

  package func holds(_ pages: Range<UInt32>, of file: FileKey) -> Bool {
    residentBytes(of: file) >= Int64(pages.upperBound) * pageSize
  }

  package func nameAgain(_ file: FileStatus) {
    // A source that never loses names has nothing to do.
  }

  package var departureCount: UInt64 { now }

  package func giveWay() async {}
}
