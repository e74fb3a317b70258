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
}

extension FileService {
  /// Brings `pages` of `record` into the cache.
  ///
  /// - Throws: What the UFS says; `.changed` when the file is no longer at the record's version.
  package func load(
    _ record: FileRecord, pages: Range<UInt32>
  ) async throws(UFSError) -> LoadResult {
    guard let file = record.key else { preconditionFailure("pages belong to files") }
    guard record.decision.isCached else { return .excluded }
    if record.isAgeDue(policies.now) { await policies.checkAge(of: record) }
    var reader = ReaderHolder()
    var filled: Int64 = 0
    var resident: Int64 = 0
    var result: LoadResult?
    do throws(UFSError) {
      for index in pages {
        let length = pageLength(index, of: record.length)
        if store.contains(PageKey(file: file, index: index)) {
          resident += Int64(length)
          continue
        }
        let access = try await self.access(
          record, page: index, wanted: 0..<length, waitsForRoom: true, reader: &reader)
        switch consume access {
        case .hit: resident += Int64(length)
        case .stored: resident += Int64(length)
        case .filled: filled += Int64(length)
        case .transient(let fill):
          fill.fail(.abandoned)
          result = .unsettled
        case .passedThrough: result = .noRoom
        }
        if result != nil { break }
      }
    } catch {
      await reader.close()
      throw error
    }
    await reader.close()
    return result ?? .cached(filled: filled, resident: resident)
  }
}
