// The listing of one job, page by page, over the mounts' walks. Memory: one page and what the walks hold.
//
//   JobRoots: paths, or lines of an index ─▶ walk, sorted ─▶ files that the filter keeps ─▶ ListedPage
//
// The walk stays open between two pages; after a restart, or a failure, it begins anew behind the cursor.

import Glibc
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
  /// The paths of a job that does not go into directories: what they name is listed for itself; nil for other jobs.
  private lazy var files: Set<[UInt8]>? = {
    guard case .paths(let paths) = specification.target, !specification.options.recursive else {
      return nil
    }
    return Set(
      paths.map { path in Array(((try? mounts.locate(anyPath: path).ufsPath) ?? path).utf8) })
  }()

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
  /// A task that is cancelled asks the UFS for nothing more.
  ///
  /// - Throws: what the UFS says; the next call begins anew behind its cursor. `.unavailable` when cancelled.
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
      if Task.isCancelled {
        throw UFSError(
          .unavailable, operation: "job.list", path: specification.subject, cause: .errno(ECANCELED)
        )
      }
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
      page.leftOutCount += Int64(batch.leftOutCount - batch.leftOut.count)
      page.failed += batch.leftOut.map {
        FailedFile(path: $0.path, length: 0, reason: $0.reason)
      }
      page.failed += batch.refusals.map {
        FailedFile(path: $0.path, length: 0, reason: "listing failed: \($0)")
      }
      await take(unrepeated(batch.entries.map(\.status), &page), into: &page)
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
    case .repeated(let path):
      try await takeRepeated(path, &page)
      await goOn()
      return nil
    case .place(let path, let known):
      do throws(UFSError) {
        var status = known
        if status == nil { status = try await mounts.status(of: path) }
        guard let status, status.kind == .file else { return try await open(path) }
        await take([status], into: &page)
      } catch {
        // Of several paths one that is not there fails alone; a single one fails the job.
        guard roots.isMany, case .never = error.retry else { throw error }
        page.failed.append(FailedFile(path: path.ufsPath, length: 0, reason: "\(error)"))
      }
      await goOn()
      return nil
    }
  }

  /// Takes a path that another one covers into `page`: as failed if nothing is there.
  private func takeRepeated(
    _ path: MountedPath?, _ page: inout ListedPage
  ) async throws(UFSError) {
    do throws(UFSError) {
      if let path { _ = try await mounts.status(of: path) }
      page.repeatedCount += 1
    } catch {
      guard case .never = error.retry else { throw error }
      let place = path?.ufsPath ?? ""
      page.failed.append(FailedFile(path: place, length: 0, reason: "\(error)"))
    }
  }

  /// Opens a directory's listing behind the cursor.
  private func open(_ root: MountedPath) async throws(UFSError) -> any UFSLister {
    // Sorted, so that every UFS has words for the place; where parts are listed at once the cursor says all their places.
    var options = UFSListing(
      order: .sorted, after: place.token.map { UFSCursor(token: $0) }, for: .load, turns: turns)
    // One directory that may not be read is a failed entry, and the rest of the job goes on.
    options.passesRefusals = true
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

  /// The entries of the open root that no other path of the job names.
  private func unrepeated(_ found: [FileStatus], _ page: inout ListedPage) -> [FileStatus] {
    guard roots.isMany else { return found }
    let files = found.filter { $0.kind == .file }
    let kept = files.filter { !isNamedElsewhere($0.ufsPath) }
    page.repeatedCount += Int64(files.count - kept.count)
    return kept
  }

  private func isNamedElsewhere(_ path: String) -> Bool {
    guard specification.target.isIndex else { return files?.contains(Array(path.utf8)) ?? false }
    return roots.isRepeated(path, below: place.root)
  }

  /// Takes the files among `found` into `page`, and counts those that the job's filter leaves out.
  private func take(_ found: [FileStatus], into page: inout ListedPage) async {
    let files = found.filter { $0.kind == .file }
    let kept = await kept(files)
    page.files += kept
    page.filteredCount += Int64(files.count - kept.count)
  }

  /// The files whose names pass the job's filter.
  private func kept(_ found: [FileStatus]) async -> [TaskFile] {
    let files = found.map {
      TaskFile(
        path: $0.ufsPath, version: $0.version?.token ?? "", length: $0.length,
        modificationTime: $0.modificationTime)
    }
    guard let pattern = specification.options.fileFilter, !files.isEmpty else { return files }
    // Many names and a long pattern take milliseconds; that is no work for a ring.
    return await pool.run {
      guard let filter = LoadFilter(pattern) else { return [] }
      return files.filter { filter.keeps(path: $0.path) }
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
