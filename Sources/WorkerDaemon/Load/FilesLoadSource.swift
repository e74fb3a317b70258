// The read path as a load job sees it.

import Glibc
package import Model
import PageStore
package import Ring
package import UFS

/// Adapts `FileService` to load jobs.
package struct FilesLoadSource: LoadSource {
  /// Entries of a listing fetched at a time.
  private static let batchMax = 256
  /// Files and shards of a local disk at once: enough to keep it busy.
  private static let localParallelism = 64
  /// Times that an interrupted listing goes on from its last cursor.
  private static let resumeCountMax = 5
  /// Parts of a tree that are listed at once where the UFS can.
  static let walkShardCount = 16

  private let files: FileService
  private let pool: BlockingPool

  /// A source over `files`; what may take its time runs on `pool`.
  package init(files: FileService, pool: BlockingPool) {
    self.files = files
    self.pool = pool
  }

  package var pageSize: Int64 { Int64(files.store.pageSize) }

  package var capacity: Int64 { Int64(files.store.capacity) }

  package func parallelism(of path: String) -> Int {
    guard let place = try? files.mounts.locate(ufsPath: path) else { return .max }
    return place.ufs.capabilities.contains(.readsAhead) ? Self.localParallelism : .max
  }

  package func status(of path: String) async -> Result<FileStatus, LoadFailure> {
    do throws(UFSError) {
      return .success(try await files.record(ofUFSPath: path).status)
    } catch { return .failure(LoadFailure(error)) }
  }

  package func walk(
    _ directory: String, turns: UInt64, visit: (LoadBatch) async -> Bool
  ) async -> LoadFailure? {
    do throws(UFSError) {
      let place = try files.mounts.locate(ufsPath: directory)
      guard try await walk(place, turns, visit) else { return nil }
      for mount in files.mounts.mounts(below: place) {
        let root = try files.mounts.locate(alluxioPath: mount.alluxioPath)
        guard try await walk(root, turns, visit) else { return nil }
      }
      return nil
    } catch { return LoadFailure(error) }
  }

  /// Walks one mount's part; false when `visit` ended it.
  private func walk(
    _ place: MountedPath, _ turns: UInt64, _ visit: (LoadBatch) async -> Bool
  ) async throws(UFSError) -> Bool {
    var cursor: UFSCursor?
    var resumeCount = 0
    while true {
      do throws(UFSError) {
        return try await walk(place, after: &cursor, turns, visit)
      } catch {
        guard cursor != nil, resumeCount < Self.resumeCountMax,
          let delay = LoadFailure(error).retryAfter
        else { throw error }
        resumeCount += 1
        await pause(for: delay)
      }
    }
  }

  private func walk(
    _ place: MountedPath, after cursor: inout UFSCursor?, _ turns: UInt64,
    _ visit: (LoadBatch) async -> Bool
  ) async throws(UFSError) -> Bool {
    var options = UFSListing(after: cursor, for: .load, turns: turns)
    options.passesRefusals = true
    let lister = try await files.mounts.walk(place, options, shards: Self.walkShardCount)
    do throws(UFSError) {
      while true {
        let (epochs, now) = (files.table.epochs(), now)
        guard let batch = try await lister.next(max: Self.batchMax) else { break }
        let found = batch.entries.map(\.status).filter { $0.kind == .file }
        cursor = batch.cursor
        // The listing knows what a question per file would tell.
        files.remember(found, now: now, epochs: epochs)
        files.metadata.count(.leftOut, UInt64(clamping: batch.leftOutCount))
        var part = LoadBatch(files: found, leftOutCount: batch.leftOutCount)
        part.refusals = batch.refusals.map {
          LoadIncident(subject: $0.path, reason: "listing failed: \($0)")
        }
        guard await visit(part) else {
          await lister.close()
          return false
        }
      }
    } catch {
      await lister.close()
      throw error
    }
    await lister.close()
    return true
  }

  package func load(
    _ file: FileStatus, pages: Range<UInt32>, turns: UInt64, progress: LoadProgress
  ) async -> LoadOutcome {
    do throws(UFSError) {
      let record = try files.record(listed: file)
      switch try await files.load(record, pages: pages, turns: turns, progress: progress) {
      case .cached(let filled, let resident):
        if resident > 0 { files.nameAgain(record) }
        return .cached(filled: filled, resident: resident)
      case .noRoom: return .rejected("everything in it is in use, or a quota is used up")
      case .stopped: return .failed(LoadFailure(reason: "stopped"))
      case .excluded:
        return .failed(LoadFailure(reason: "a cache filter says that it is never cached"))
      case .unsettled:
        return .failed(
          LoadFailure(
            reason: "the file changed a moment ago, too recently to trust its version",
            retryAfter: settleDelay(of: record)))
      }
    } catch { return .failed(LoadFailure(error)) }
  }

  /// How long until the bytes of the record's version can be cached.
  private func settleDelay(of record: FileRecord) -> Duration {
    guard let version = record.status.version else { return .milliseconds(100) }
    let settled = record.place.ufs.settleTime(of: version)
    let (wait, overflow) = settled.subtractingReportingOverflow(time(CLOCK_REALTIME))
    // A little more than asked for: clocks are read at different moments.
    return overflow ? .milliseconds(100) : .nanoseconds(max(0, wait)) + .milliseconds(5)
  }

  package func loadMetadata(_ file: FileStatus) async -> LoadFailure? {
    if case .failure(let failure) = await status(of: file.ufsPath) { return failure }
    return nil
  }

  package func nameAgain(_ file: FileStatus) {
    guard !files.policies.unnamed.isEmpty, let record = try? files.record(listed: file) else {
      return
    }
    files.nameAgain(record)
  }

  package func residentBytes(of file: FileKey) -> Int64 { files.store.residentBytes(of: file) }

  package func holds(_ pages: Range<UInt32>, of file: FileKey) -> Bool {
    pages.allSatisfy { files.store.contains(PageKey(file: file, index: $0)) }
  }

  package var departureCount: UInt64 { files.store.statistics.departures }

  package func offload<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await pool.run(body)
  }

  package var now: UInt64 { UInt64(time(CLOCK_MONOTONIC)) }

  private func time(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // These clocks cannot fail; the address is this frame's own.
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  package func giveWay() async { await Reactor.current?.yield() }

  package func pause(for duration: Duration) async {
    guard duration > .zero, let reactor = Reactor.current else { return }
    await reactor.sleep(for: duration)
  }
}

extension LoadFailure {
  /// The failure that a UFS error means for a load job.
  package init(_ error: UFSError) {
    let kind: Kind =
      switch error.code {
      case .changed: .changed
      case .notFound: .notFound
      default: .other
      }
    let retryAfter: Duration? =
      switch error.retry {
      case .never: nil
      case .now: .zero
      case .after(let duration): duration
      }
    self.init(kind, reason: error.description, retryAfter: retryAfter)
    isOutage = error.code == .throttled || error.code == .unavailable
  }
}
