// Bringing pages into the cache without sending them anywhere.

import Model
import PageStore
package import UFS

/// What became of pages that were to be cached.
package enum LoadResult: Sendable, Equatable {
  /// All are cached: bytes that came from the UFS now, and bytes that were there.
  case cached(filled: Int64, resident: Int64)
  /// The store has no room for them: everything in it is in use.
  case noRoom
  /// The file changed too recently for its version to be trusted; the same request may succeed shortly.
  case unsettled
  /// A cache filter says that the file is never cached.
  case excluded
  /// The task was cancelled on the way.
  case stopped
}

extension FileService {
  /// Brings `pages` of `record` into the cache, within the memory that loads may have in flight.
  ///
  /// Loads that say the same `turns` (a job, say) take turns with others for memory and for the UFS.
  ///
  /// - Throws: What the UFS says; `.changed` when the file is no longer at the record's version.
  package func load(
    _ record: FileRecord, pages: Range<UInt32>, turns: UInt64? = nil,
    progress: LoadProgress? = nil
  ) async throws(UFSError) -> LoadResult {
    guard let file = record.key else { preconditionFailure("pages belong to files") }
    guard record.decision.isCached else { return .excluded }
    if record.isAgeDue(policies.now) { await policies.checkAge(of: record) }
    return try await LoadShard(self, record, file, pages: pages, turns: turns, progress).run()
  }
}
