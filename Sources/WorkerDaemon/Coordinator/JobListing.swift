// The listing of one job, page by page, over the mounts' walks. Memory: one page and what the walks hold.
//
//   JobRoots: paths, or lines of an index ─▶ walk, sorted ─▶ files that the filter keeps ─▶ ListedPage
//
// The walk stays open between two pages; after a restart, or a failure, it begins anew behind the cursor.

import Model
import Ring
import Scheduler
import UFS

/// What a job's paths hold; used by one task of the coordinator's ring at a time.
final class JobListing {
  /// Entries of a page looked at before it goes out without a file.
  private static let entryCountMax = 20_000

  private let mounts: MountTable
  private let pool: BlockingPool
  private let specification: JobSpecification
  private let roots: JobRoots
  /// Whose turn its requests take.
  private let turns: UInt64
  private var lister: (any UFSLister)?
  private var place = ListingCursor()

  /// A listing of `job` that was not begun.
  init(_ specification: JobSpecification, of job: JobID, mounts: MountTable, pool: BlockingPool) {
    turns = job.turns
    self.specification = specification
    roots = JobRoots(specification, mounts: mounts)
    self.mounts = mounts
    self.pool = pool
  }

  /// The page behind `cursor`, with about `max` files at most.
  ///
  /// - Throws: what the UFS says; the next call begins anew behind its cursor.
  func page(after cursor: String?, max: Int) async throws(UFSError) -> ListedPage {
    let wanted = cursor.flatMap { ListingCursor($0) } ?? ListingCursor()
    if wanted != place { await close() }
    place = wanted
    do throws(UFSError) {
      return try await fill(max)
    } catch {
      await close()
      throw error
    }
  }

  /// Ends the listing.
  func close() async {
    await closeLister()
    await roots.close()
  }

  private func closeLister() async {
    await lister?.close()
    lister = nil
  }

  private func fill(_ max: Int) async throws(UFSError) -> ListedPage {
    var page = ListedPage(files: [], next: nil)
    var entryCount = 0
    while let root = try await roots.root(place.root) {
      guard page.files.count + page.failed.count < max, entryCount < Self.entryCountMax else {
        page.next = place.text
        return page
      }
      guard let lister = try await open(root, &page) else {
        entryCount += 1
        continue
      }
      guard let batch = try await lister.next(max: max - page.files.count) else {
        await goOn()
        continue
      }
      if let cursor = batch.cursor {
        place.token = cursor.token
      } else {
        place.skipCount += batch.entries.count
      }
      entryCount += batch.entries.count
      page.leftOutCount += Int64(batch.leftOutCount)
      page.files += await kept(batch.entries.map(\.status))
    }
    return page
  }

  /// To the next root.
  private func goOn() async {
    await closeLister()
    let next = place.root + 1
    place = ListingCursor()
    place.root = next
  }

  /// The open listing of a root; nil when the root is a file or cannot be had, which is taken into `page`.
  private func open(
    _ root: JobRoot, _ page: inout ListedPage
  ) async throws(UFSError) -> (any UFSLister)? {
    if let lister { return lister }
    switch root {
    case .failed(let file):
      page.failed.append(file)
      await goOn()
      return nil
    case .place(let path, let known):
      do throws(UFSError) {
        var status = known
        if status == nil { status = try await mounts.status(of: path) }
        guard let status, status.kind == .file else { return try await open(path) }
        page.files += await kept([status])
      } catch {
        // Of several paths one that is not there fails alone; a single one fails the job.
        guard roots.isMany, case .never = error.retry else { throw error }
        page.failed.append(FailedFile(path: path.ufsPath, length: 0, reason: "\(error)"))
      }
      await goOn()
      return nil
    }
  }

  /// Opens a directory's listing behind the cursor.
  private func open(_ root: MountedPath) async throws(UFSError) -> any UFSLister {
    // Sorted, so that every UFS has words for the place; where parts are listed at once the cursor says all their places.
    let options = UFSListing(
      order: .sorted, after: place.token.map { UFSCursor(token: $0) }, for: .load, turns: turns)
    let opened =
      specification.options.recursive
      ? try await mounts.walk(root, options, shards: FilesLoadSource.walkShardCount)
      : try await mounts.list(root, options)
    lister = opened
    if place.token == nil {
      var left = place.skipCount
      while left > 0, let batch = try await opened.next(max: left) { left -= batch.entries.count }
    }
    return opened
  }

  /// The files among `found` whose names pass the job's filter.
  private func kept(_ found: [FileStatus]) async -> [TaskFile] {
    let files = found.filter { $0.kind == .file }.map {
      TaskFile(
        path: $0.ufsPath, version: $0.version?.token ?? "", length: $0.length,
        modificationTime: $0.modificationTime)
    }
    guard let pattern = specification.options.fileFilter, !files.isEmpty else { return files }
    // A pattern can take exponential time; that is no work for a ring.
    return await pool.run {
      guard let filter = LoadFilter(pattern) else { return [] }
      return files.filter { file in
        filter.keeps(
          file.path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) }
            ?? "")
      }
    }
  }
}

extension MountTable {
  /// The place of a path with a scheme, or of an Alluxio path.
  ///
  /// - Throws: as `locate(ufsPath:)`.
  func locate(anyPath path: String) throws(UFSError) -> MountedPath {
    path.utf8.first == UInt8(ascii: "/")
      ? try locate(alluxioPath: path) : try locate(ufsPath: path)
  }
}
