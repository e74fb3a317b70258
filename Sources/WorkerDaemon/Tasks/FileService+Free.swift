// The cache policies as tasks of FREE see them.
//
//   catalog: entries at the path ─▶ dropped          source: files at the path ─▶ those held without a name ─▶ dropped

import LocalWire
import Model
import PageStore
import Ring
package import Scheduler
import UFS

extension FileService: CacheFreeing {
  /// Entries of a listing fetched at a time.
  private static let freeBatchMax = 256
  /// Longest wait for the pages of an earlier life to be entered.
  private static let restoreWait: UInt64 = 30_000_000_000

  package func free(ufsPath: String) async -> Result<FileCount, LoadFailure> {
    let place: MountedPath
    do throws(UFSError) { place = try mounts.locate(ufsPath: ufsPath) } catch {
      return .failure(LoadFailure(error))
    }
    guard await hasRestored() else {
      return .failure(
        LoadFailure(
          reason: "the pages of the worker's earlier life are still being entered",
          retryAfter: .seconds(5)))
    }
    let path = RulePath(place.alluxioPath)
    let freed = await policies.calls.perform {
      [policies] () -> Result<PolicyOutcome, CatalogError> in
      do throws(CatalogError) {
        return .success(try policies.free(path, forced: false))
      } catch { return .failure(error) }
    }
    switch freed.value {
    case .success(let outcome)?:
      var count = FileCount(
        files: Int64(clamping: outcome.droppedFiles), bytes: Int64(clamping: outcome.droppedBytes))
      do throws(UFSError) { count += try await freeUnnamed(at: place) } catch {
        return .failure(LoadFailure(error))
      }
      return .success(count)
    case .failure(let error)?:
      return .failure(LoadFailure(reason: "\(error)", retryAfter: .seconds(1)))
    case nil:
      return .failure(LoadFailure(reason: "the catalog does not answer", retryAfter: .seconds(1)))
    }
  }

  /// Waits until what an earlier life left is in the store; false when that takes too long.
  private func hasRestored() async -> Bool {
    guard policies.isRestoring, let reactor = Reactor.current else { return !policies.isRestoring }
    let deadline = reactor.now &+ Self.restoreWait
    while policies.isRestoring, reactor.now < deadline {
      guard await reactor.sleep(for: .milliseconds(20)) else { break }
    }
    return !policies.isRestoring
  }

  /// Drops the pages below `place` of which only the source still says that they belong there.
  private func freeUnnamed(at place: MountedPath) async throws(UFSError) -> FileCount {
    var count = FileCount()
    guard !policies.unnamed.isEmpty else { return count }
    let status: FileStatus
    do throws(UFSError) { status = try await mounts.status(of: place) } catch {
      // Nobody can read it from the cache any more: what is left of it leaves by eviction.
      if error.code == .notFound { return count }
      throw error
    }
    guard status.kind == .directory else { return freeUnnamed(status) }
    var places = [place]
    for mount in mounts.mounts(below: place) {
      places.append(try mounts.locate(alluxioPath: mount.alluxioPath))
    }
    for place in places {
      let lister = try await mounts.walk(place, UFSListing(for: .load))
      do throws(UFSError) {
        while let batch = try await lister.next(max: Self.freeBatchMax),
          !policies.unnamed.isEmpty, !Task.isCancelled
        {
          for entry in batch.entries { count += freeUnnamed(entry.status) }
        }
      } catch {
        await lister.close()
        throw error
      }
      await lister.close()
    }
    return count
  }

  private func freeUnnamed(_ status: FileStatus) -> FileCount {
    guard status.kind == .file, let version = status.version else { return FileCount() }
    let key = FileKey(file: FileID(ufsPath: status.ufsPath), version: version)
    // Dropped while the key is claimed: whoever says meanwhile that it is there has to look again.
    let bytes = policies.unnamed.claim(key) { Int64(store.drop(key)) }
    guard let bytes, bytes > 0 else { return FileCount() }
    watch.end(key, .freed)
    return FileCount(files: 1, bytes: bytes)
  }

  /// Gives a file that is held its name again, if a crash has lost that.
  ///
  /// - Returns: whether it had none.
  @discardableResult
  func nameAgain(_ record: FileRecord) -> Bool {
    guard let key = record.key, !policies.unnamed.isEmpty else { return false }
    return policies.unnamed.claim(key) { policies.note(record) } != nil
  }
}
