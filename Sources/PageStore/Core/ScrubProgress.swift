// Where the scrubber stands, readable from any thread.

import Synchronization

/// Counters of one store's scrubber.
final class ScrubProgress: Sendable {
  /// Passes over all disks that were finished.
  let passes = Atomic<Int>(0)
  /// Pages and bytes read in the pass under way, or in the last one.
  let pages = Atomic<Int>(0)
  let bytes = Atomic<Int>(0)
  /// Pages passed over in it, because their volume is out.
  let skipped = Atomic<Int>(0)
  /// Pages found wrong or unreadable since start.
  let lost = Atomic<Int>(0)
  /// Bytes of bad runs that were found good and freed since start.
  let reclaimed = Atomic<Int>(0)
  /// The next pass begins with the bad runs.
  let reclaims = Atomic<Bool>(false)
  /// True while a pass is under way.
  let isRunning = Atomic<Bool>(false)
  /// Monotonic nanoseconds when the last pass began and ended; 0 before.
  let beganAt = Atomic<UInt64>(0)
  let endedAt = Atomic<UInt64>(0)
  /// Someone wants a pass now.
  let wanted = Event()
  /// How many of the wishes in `wanted` a pass was begun for.
  let begun = Atomic<UInt64>(0)

  /// Whether a wish waits for its pass.
  var isAsked: Bool { wanted.count != begun.load(ordering: .relaxed) }

  /// Enters the begin of a pass.
  fileprivate func begin(now: UInt64) {
    begun.store(wanted.count, ordering: .relaxed)
    pages.store(0, ordering: .relaxed)
    bytes.store(0, ordering: .relaxed)
    skipped.store(0, ordering: .relaxed)
    beganAt.store(now, ordering: .relaxed)
    isRunning.store(true, ordering: .relaxed)
  }
}

/// What the scrubber did.
package struct ScrubStatus: Sendable, Equatable {
  /// True while a pass is under way, or asked for and about to begin.
  package var isRunning = false
  /// Passes finished since start.
  package var passes = 0
  /// Pages read in the pass under way, or in the last one.
  package var pages = 0
  /// Their bytes.
  package var bytes = 0
  /// Pages passed over in it, because their volume is out.
  package var skipped = 0
  /// Pages on disk.
  package var pagesTotal = 0
  /// Pages found wrong or unreadable since start.
  package var lost = 0
  /// Bytes of bad places that were tested, found good and freed since start.
  package var reclaimed = 0
  /// Bytes it may read each second; 0 when it runs only when asked to.
  package var bandwidth = 0
}

extension PageStore {
  /// What the scrubber did so far.
  package var scrubStatus: ScrubStatus {
    let progress = core.tasks.scrub
    return ScrubStatus(
      isRunning: progress.isRunning.load(ordering: .relaxed) || progress.isAsked,
      passes: progress.passes.load(ordering: .relaxed),
      pages: progress.pages.load(ordering: .relaxed),
      bytes: progress.bytes.load(ordering: .relaxed),
      skipped: progress.skipped.load(ordering: .relaxed),
      pagesTotal: (core.memoryCount..<core.volumes.count).reduce(0) { $0 + core.tasks.copies[$1] },
      lost: progress.lost.load(ordering: .relaxed),
      reclaimed: progress.reclaimed.load(ordering: .relaxed), bandwidth: core.options.scrubBandwidth
    )
  }

  /// Bytes a second of a pass that was asked for, when the scrubber may not read more by itself.
  package static let askedScrubBandwidth = 64 << 20

  /// Asks for a pass over all pages on disk now, from the first one on, which tests bad places first when it is
  /// `reclaiming`; a pass under way begins anew.
  package func startScrub(reclaiming: Bool = false) {
    if reclaiming { core.tasks.scrub.reclaims.store(true, ordering: .relaxed) }
    core.tasks.scrub.wanted.happen()
  }

  /// Compares pages on disk with their checksums, one after another, at the configured bandwidth; `sleep` waits for a
  /// number of nanoseconds.
  package func runScrubber(sleep: (UInt64) async -> Void) async {
    guard !core.disks.isEmpty else { return }
    let buffer = TransferBuffer(readBufferSize)
    let progress = core.tasks.scrub
    while !core.tasks.isClosed.load(ordering: .relaxed) {
      let seen = progress.begun.load(ordering: .relaxed)
      if core.options.scrubBandwidth == 0 { await progress.wanted.wait(after: seen) }
      if core.tasks.isClosed.load(ordering: .relaxed) { return }
      let bandwidth =
        progress.isAsked
        ? max(core.options.scrubBandwidth, Self.askedScrubBandwidth) : core.options.scrubBandwidth
      progress.begin(now: core.options.clock())
      if progress.reclaims.exchange(false, ordering: .relaxed) {
        await reclaimQuarantined(through: buffer, sleep)
      }
      let isWhole = await scrubAll(through: buffer, bandwidth, sleep)
      progress.isRunning.store(false, ordering: .relaxed)
      progress.endedAt.store(core.options.clock(), ordering: .relaxed)
      let count = progress.bytes.load(ordering: .relaxed)
      // With nothing read there is nothing that a pass could say.
      if isWhole, count > 0 { progress.passes.add(1, ordering: .relaxed) }
      // A store with next to nothing on disk must not turn in circles.
      if count < 1 << 20, !progress.isAsked { await sleep(1_000_000_000) }
    }
  }

  /// One pass; false when it ended before its last page.
  private func scrubAll(
    through buffer: TransferBuffer, _ bandwidth: Int, _ sleep: (UInt64) async -> Void
  ) async -> Bool {
    for number in 0..<PageIndex.stripeCount {
      var local: UInt32 = 1
      while true {
        if core.tasks.isClosed.load(ordering: .relaxed) || core.tasks.scrub.isAsked { return false }
        guard await prepare(buffer, sleep) else { return false }
        let start = core.options.clock()
        guard let count = await core.scrubNext(number, from: &local, through: buffer) else { break }
        await pace(count, of: bandwidth, since: start, sleep)
      }
    }
    return true
  }
}

extension StoreCore {
  /// Reads and verifies the next page on disk of a stripe at or after entry `local`; suspends.
  ///
  /// Returns its bytes, whether they could be read or not, nil at the end of the stripe.
  func scrubNext(
    _ number: Int, from local: inout UInt32, through buffer: TransferBuffer
  ) async -> Int? {
    let stripe = index.stripe(number)
    var found: UnsafeMutablePointer<PageEntry>?
    var word = PageWord(raw: 0)
    stripe.lock()
    while unsafe found == nil, unsafe local < stripe.state.pointee.fresh {
      let entry = unsafe stripe.entry(local)
      local += 1
      if unsafe entry.pointee.current.isResident, unsafe !isMemory(entry),
        let pinned = unsafe pin(entry)
      {
        word = pinned
        unsafe found = entry
      }
    }
    let page = unsafe found.map { unsafe storedPage($0, word) }
    stripe.unlock()
    guard let entry = unsafe found, let page else { return nil }
    let disk = unsafe disk(of: entry)
    if disk.acceptsReads {
      switch await unsafe disk.read(
        0..<page.length, of: page, into: buffer.memory, verify: true)
      {
      case .bytes: unsafe markVerified(entry)
      case .corrupt: unsafe loseScrubbed(entry, isCorrupt: true)
      case .failed: unsafe loseScrubbed(entry, isCorrupt: false)
      case .stuck(let hold): buffer.surrender(until: hold)
      }
      tasks.scrub.pages.add(1, ordering: .relaxed)
      tasks.scrub.bytes.add(page.length, ordering: .relaxed)
    } else {
      tasks.scrub.skipped.add(1, ordering: .relaxed)
    }
    unsafe release(entry, generation: word.generation)
    return page.length
  }

  private func loseScrubbed(_ entry: UnsafeMutablePointer<PageEntry>, isCorrupt: Bool) {
    unsafe lose(entry, isCorrupt: isCorrupt)
    tasks.scrub.lost.add(1, ordering: .relaxed)
  }
}
