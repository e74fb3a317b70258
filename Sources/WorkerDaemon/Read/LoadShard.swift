// A shard on its way into the cache: the missing pages of a range of one file, one after another.
//
//   remote   one lane: reader announces each run of missing pages, so that one request serves it
//   local    a few lanes, so that the disk has the next read while a page is committed

import Model
import PageStore
import UFS

/// A range of pages being loaded; confined to the ring it was made on.
// SAFETY: made and run by tasks of one ring.
@safe final class LoadShard: @unchecked Sendable {
  /// Reads in flight of a shard on a local disk.
  private static let localLaneCount = 4

  private let files: FileService
  private let record: FileRecord
  private let file: FileKey
  private let end: UInt32
  private let laneCount: Int
  private let announces: Bool
  private let progress: LoadProgress?
  private let turns: UInt64?
  private var next: UInt32
  private var filled: Int64 = 0
  private var resident: Int64 = 0
  private var result: LoadResult?
  private var failure: UFSError?

  /// The shard `pages` of `record`, whose pages have the key `file`; it takes turns as one of `turns`.
  init(
    _ files: FileService, _ record: FileRecord, _ file: FileKey, pages: Range<UInt32>,
    turns: UInt64?, _ progress: LoadProgress?
  ) {
    self.turns = turns
    self.progress = progress
    self.files = files
    self.record = record
    self.file = file
    next = pages.lowerBound
    end = pages.upperBound
    let readsAhead = record.place.ufs.capabilities.contains(.readsAhead)
    laneCount = readsAhead ? min(Self.localLaneCount, pages.count) : 1
    announces = !readsAhead && pages.count > 1
  }

  /// Bytes of the pages that the shard has in flight at most.
  private var bytesInFlight: Int {
    let rest = record.length - Int64(next) * Int64(files.store.pageSize)
    return Int(min(rest, Int64(laneCount + (announces ? 1 : 0)) * Int64(files.store.pageSize)))
  }

  /// Brings what is missing; leaves off when the task is cancelled.
  func run() async throws(UFSError) -> LoadResult {
    skipResident()
    if next < end {
      let bytes = await files.loadBudget.take(bytesInFlight, turns: turns ?? 0)
      defer { files.loadBudget.giveBack(bytes) }
      await runLanes()
    }
    if let failure { throw failure }
    return result ?? .cached(filled: filled, resident: resident)
  }

  /// Passes the pages that are here without holding anything for them.
  private func skipResident() {
    while next < end, store.contains(PageKey(file: file, index: next)) {
      resident += Int64(length(of: next))
      next += 1
    }
  }

  private var store: PageStore { files.store }

  private func length(of index: UInt32) -> Int { files.pageLength(index, of: record.length) }

  private func runLanes() async {
    if laneCount == 1 { return await runLane() }
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<laneCount { group.addTask { await self.runLane() } }
    }
  }

  private func runLane() async {
    var holder = ReaderHolder(purpose: .load, turns: turns)
    var announced: Range<Int64> = 0..<0
    do throws(UFSError) {
      while result == nil, failure == nil {
        skipResident()
        guard next < end else { break }
        guard !Task.isCancelled else {
          result = .stopped
          break
        }
        let index = next
        next += 1
        if announces { try await announce(index, &announced, &holder) }
        try await load(index, &holder)
        progress?.reach(filled + resident)
      }
    } catch { failure = failure ?? error }
    await holder.close()
  }

  /// Announces the run of missing pages from `index` on, unless that was done.
  private func announce(
    _ index: UInt32, _ announced: inout Range<Int64>, _ holder: inout ReaderHolder
  ) async throws(UFSError) {
    let offset = Int64(index) * Int64(store.pageSize)
    if announced.contains(offset) { return }
    announced = offset..<files.runEnd(of: record, from: index, end: end, most: .max)
    try await holder.reader(for: record).announce(announced)
  }

  private func load(_ index: UInt32, _ holder: inout ReaderHolder) async throws(UFSError) {
    let length = length(of: index)
    let access = try await files.access(
      record, page: index, wanted: 0..<length, waitsForRoom: true, reader: &holder)
    switch consume access {
    case .hit: resident += Int64(length)
    case .stored: resident += Int64(length)
    case .filled: filled += Int64(length)
    case .transient: result = .unsettled
    case .passedThrough: result = .noRoom
    case .filling: preconditionFailure("a load waits for whole pages")
    }
  }
}
