// The work a store does beside its readers. Each method runs until `stopBackground`, on its caller's executor: a daemon
// starts them on its rings, a simulation on an executor of its own.
//
//   savers (a few per ring)   unsaved pages ──▶ disks
//   promoter                  hot pages on disk ──▶ memory, at a limited rate
//   reclaimer                 tiers over their high watermark ──▶ the tier below, or away, down to the low one
//   scrubber                  pages on disk, one after another, compared with their checksums

import Model
import Synchronization

extension PageStore {
  /// Writes unsaved pages below, one after another, each to a disk near its memory while one there takes it.
  ///
  /// As many run at once as pages are to be in flight.
  package func runSaver() async {
    while let page = await core.tasks.unsaved.next() { await core.save(page) }
  }

  /// Brings hot pages from disk to memory near `node`; `sleep` waits for a number of nanoseconds.
  package func runPromoter(node: Int, sleep: (UInt64) async -> Void) async {
    let buffer = TransferBuffer(readBufferSize)
    while let name = await core.tasks.promotions.next() {
      guard await prepare(buffer, sleep) else { return }
      let start = core.options.clock()
      let count = await core.promote(name, near: node, through: buffer)
      await pace(count, of: core.options.promotionBandwidth, since: start, sleep)
    }
  }

  /// Keeps tiers between their watermarks; `sleep` waits for a number of nanoseconds.
  package func runReclaimer(sleep: (UInt64) async -> Void) async {
    let buffers = makeReclaimBuffers()
    while !core.tasks.isClosed.load(ordering: .relaxed) {
      let seen = core.tasks.overfull.count
      await reclaim(through: buffers, sleep)
      await core.tasks.overfull.wait(after: seen)
    }
  }

  /// Waits until `buffer` has memory; false when the store was closed before that.
  func prepare(_ buffer: TransferBuffer, _ sleep: (UInt64) async -> Void) async -> Bool {
    while !buffer.prepare() {
      if core.tasks.isClosed.load(ordering: .relaxed) { return false }
      core.tasks.counters.memoryShortages.add(1, ordering: .relaxed)
      await sleep(1_000_000_000)
    }
    return true
  }

  /// Pages that one tier hands down at once.
  private static let demotionsMax = 8

  /// A buffer for each page that is handed down at once, without memory yet.
  func makeReclaimBuffers() -> [TransferBuffer] {
    (0..<Self.demotionsMax).map { _ in TransferBuffer(readBufferSize) }
  }

  /// Brings every tier that is over its high watermark to its low one.
  func reclaim(through buffers: [TransferBuffer], _ sleep: (UInt64) async -> Void) async {
    for tier in core.tiers.indices { await reclaim(tier, through: buffers, sleep) }
  }

  /// Brings `tier` from over its high watermark to its low one.
  ///
  /// Pages go to the tier below as long as that takes some. Those it refuses leave only down to the high watermark: the
  /// tier below may be back soon, and what was evicted is not.
  private func reclaim(
    _ tier: Int, through buffers: [TransferBuffer], _ sleep: (UInt64) async -> Void
  ) async {
    guard let high = core.tiers[tier].high, core.used(tier) > high else { return }
    let low = core.tiers[tier].low
    let demotes = tier > 0 && tier + 1 < core.tiers.count
    while demotes, core.used(tier) > low, !core.tasks.isClosed.load(ordering: .relaxed) {
      let excess = (core.used(tier) - low) / core.pageSize + 1
      let lent = buffers.prefix(excess)
      for buffer in lent { guard await prepare(buffer, sleep) else { return } }
      let (start, before) = (core.options.clock(), demotedBytes)
      if await demote(tier, through: lent) == 0 { break }
      await pace(demotedBytes - before, of: core.options.demotionBandwidth, since: start, sleep)
    }
    let target = demotes ? high : low
    while core.used(tier) > target, !core.tasks.isClosed.load(ordering: .relaxed) {
      // A slice at a time: others want the thread.
      guard core.evict(tier, toUsed: target, limit: 256, tick: core.now) > 0 else { return }
      core.tasks.room.happen()
      await Task.yield()
    }
  }

  private var demotedBytes: Int { core.tasks.counters.demotedBytes.load(ordering: .relaxed) }

  /// Times that background work had to wait for memory.
  package var memoryShortages: Int { core.tasks.counters.memoryShortages.load(ordering: .relaxed) }

  /// Moves a page of `tier` down through each of `buffers`, all at once; returns how many went.
  private func demote(_ tier: Int, through buffers: ArraySlice<TransferBuffer>) async -> Int {
    await withTaskGroup(of: Bool.self) { group in
      for buffer in buffers {
        group.addTask { [core] in await core.demoteNext(tier, through: buffer) }
      }
      var count = 0
      for await isMoved in group where isMoved { count += 1 }
      return count
    }
  }

  /// Waits as long as `count` bytes take at `bandwidth` bytes a second, counted from `start`.
  func pace(
    _ count: Int, of bandwidth: Int, since start: UInt64, _ sleep: (UInt64) async -> Void
  ) async {
    guard count > 0, bandwidth > 0 else { return }
    let due = UInt64(Double(count) / Double(bandwidth) * 1e9)
    let spent = core.options.clock() &- start
    if spent < due { await sleep(due - spent) }
  }

  /// Waits until a fill that was turned away as busy may fit: a page was saved, or room was made.
  package func waitForRoom() async {
    let seen = core.tasks.room.count
    guard core.tasks.unsavedCount.load(ordering: .acquiring) > 0 else { return }
    await core.tasks.room.wait(after: seen)
  }

  /// Waits until no page is unsaved.
  package func waitUntilSaved() async {
    while true {
      let seen = core.tasks.room.count
      guard core.tasks.unsavedCount.load(ordering: .acquiring) > 0,
        !core.tasks.isClosed.load(ordering: .relaxed)
      else { return }
      await core.tasks.room.wait(after: seen)
    }
  }

  /// Ends the background tasks; each returns after the page it is at.
  package func stopBackground() { core.tasks.close() }

  /// Waits until the disks' logs have what was written; suspends.
  package func flush() async {
    for disk in core.disks { await disk.flush() }
  }

  /// Ends the disks; blocks.
  ///
  /// Background tasks have ended. What is dropped afterwards stays remembered on disk. Disks that do not answer are left:
  /// they would be waited for.
  package func closeDisks() {
    for disk in core.disks where !disk.isStuck { disk.close() }
  }

  /// Lets everybody go who waits for a disk, and starts nothing on disks any more.
  package func abandonDisks() { core.disks.forEach { $0.abandon() } }
}
