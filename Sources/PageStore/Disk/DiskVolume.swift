// A disk volume: runs of units on a block device, pages sealed by checksums, records of them in a log.
//
//   write    seal → device → (store indexes it) → record      a page is in the log only after its bytes were taken
//   give back    log.remove → units free                      so no later record can come before the removal
//   read     device → verify → bytes
//
// The store decides which page goes where and which leaves; nothing here suspends but `read`, `write` and `flush`.

import Ring
internal import Model
import Synchronization

/// Space and pages of one disk.
@safe package final class DiskVolume: Volume, @unchecked Sendable {
  /// What a volume is made of.
  package struct Parts {
    /// What holds the bytes, and where the first unit lies on it.
    package var device: any BlockDevice
    /// Where the first unit lies on the device.
    package var dataOffset: Int64 = 0
    /// What remembers the pages.
    package var log: any PageLog
    /// The volume's identity.
    package var id: VolumeID
    /// Bytes of a full page.
    package var pageSize: Int
    /// Blocks of one page and its trailer each.
    package var blockCount: Int
    /// Units that the device had when it was opened; records beyond them are dropped.
    package var restorableUnits: UInt32 = .max
    /// True when the log was closed after its last change, so that what it says is what lies on the device.
    package var isClean = false
    /// Slots of the store's pages are below this number.
    package var slotCount: Int
    /// The tier it belongs to.
    package var tier = Tier.ssd
    /// The NUMA node it is near to.
    package var node = 0
    /// Position of the volume in the store.
    package var number: UInt8 = 0
    /// What operators call it: its directory.
    package var name = ""
    /// Bytes of checksums kept in memory, so that parts of large pages are read in one transfer.
    package var trailerMemory = 8 << 20
    /// What watches the volume's I/O.
    package var health: VolumeHealth
    /// Monotonic nanoseconds.
    package var now: @Sendable () -> UInt64

    /// Parts of a volume.
    package init(
      device: any BlockDevice, dataOffset: Int64 = 0, log: any PageLog, id: VolumeID, pageSize: Int,
      blockCount: Int, restorableUnits: UInt32 = .max, isClean: Bool = false, slotCount: Int,
      tier: Tier = .ssd, node: Int = 0, number: UInt8 = 0, trailerMemory: Int = 8 << 20,
      health: VolumeHealth, now: @escaping @Sendable () -> UInt64
    ) {
      (self.device, self.dataOffset, self.log, self.id) = (device, dataOffset, log, id)
      (self.pageSize, self.blockCount, self.slotCount) = (pageSize, blockCount, slotCount)
      (self.restorableUnits, self.isClean) = (restorableUnits, isClean)
      (self.tier, self.node) = (tier, node)
      (self.number, self.trailerMemory) = (number, trailerMemory)
      (self.health, self.now) = (health, now)
    }
  }

  /// The tier the volume belongs to, the NUMA node it is near to, and its position in the store.
  package let tier: Tier
  package let node: Int
  package let number: UInt8
  // SAFETY: `id`, `restorableUnits` and `isDoubtful` change only in `startOver`, while the volume has no page.
  private(set) var id: VolumeID
  /// What operators call it: its directory.
  package let name: String
  /// Bytes that pages and their trailers may use.
  package let quota: Int
  let layout: DiskLayout
  /// Units of the volume, numbered from 0.
  package let unitCount: UInt32
  /// The operations of the device, and the device.
  let transfers: TransferWatch
  let counters = DiskVolumeCounters()
  /// What watches the volume's I/O.
  package let health: VolumeHealth
  let buffers: AlignedBuffers
  let trailers: TrailerCache
  let now: @Sendable () -> UInt64
  private(set) var restorableUnits: UInt32
  /// True when pages found at start need not be what the log says: it was not closed as whole.
  private(set) var isDoubtful: Bool
  private let dataOffset: Int64
  private let logLock = Lock()
  // SAFETY: guarded by `logLock`.
  private var currentLog: any PageLog
  private let sequence = Atomic<UInt64>(1)
  private let lock = Lock()
  // SAFETY: guarded by `lock`.
  private var space: RunAllocator
  /// What became of the page that the store is taking over before that was done.
  private enum Adoption {
    case kept
    case givenBack
    /// Found wrong: its run is not to be used again.
    case bad
  }
  /// The unit of the page that the store is taking over.
  private var adopting: (unit: UInt32, fate: Adoption)?
  private let usedUnits = Atomic<Int>(0)
  private let quarantinedUnits = Atomic<Int>(0)
  /// Pages of a doubtful start that nobody has seen to match yet.
  private let unprovenPages = Atomic<Int>(0)
  private let isReady = Atomic<Bool>(false)
  /// Units of each bad run, by its first, and how many of those runs are being tested; guarded by `lock`.
  private var bad: [UInt32: Int] = [:]
  private var testCount = 0

  /// A volume of `parts`, which has no room until `restore`.
  ///
  /// - Throws: `memoryUnavailable`.
  package init(_ parts: Parts) throws(PageStoreError) {
    layout = DiskLayout(pageSize: parts.pageSize)
    let (units, overflow) = parts.blockCount.multipliedReportingOverflow(by: layout.unitsPerBlock)
    precondition(!overflow && units < Int(UInt32.max), "unit numbers have 32 bits")
    (id, health) = (parts.id, parts.health)
    transfers = TransferWatch(device: parts.device)
    currentLog = parts.log
    (tier, node, number, now) = (parts.tier, parts.node, parts.number, parts.now)
    name = parts.name
    dataOffset = parts.dataOffset
    unitCount = UInt32(units)
    restorableUnits = min(parts.restorableUnits, UInt32(units))
    quota = units * DiskLayout.unitSize
    isDoubtful = !parts.isClean
    let trailerUnits = layout.unitsPerBlock - parts.pageSize / DiskLayout.unitSize
    buffers = AlignedBuffers(size: max(1, trailerUnits) * DiskLayout.unitSize)
    trailers = try TrailerCache(
      layout: layout, capacity: parts.trailerMemory, blockCount: parts.blockCount)
    space = try RunAllocator(
      blockCount: parts.blockCount, unitsPerBlock: layout.unitsPerBlock, slotCount: parts.slotCount)
  }

  // MARK: Space

  /// False while no page may be put here.
  package var acceptsPages: Bool { isReady.load(ordering: .acquiring) && health.acceptsPages }
  /// False while no page may be read from here.
  package var acceptsReads: Bool { health.acceptsReads }
  /// The block that `unit` lies in.
  func block(of unit: UInt32) -> Int { Int(unit) / layout.unitsPerBlock }
  /// Bytes in use, filling and doomed pages and quarantined runs included.
  package var used: Int { usedUnits.load(ordering: .relaxed) * DiskLayout.unitSize }
  /// The quota once the volume is restored, 0 before.
  package var ready: Int { isReady.load(ordering: .acquiring) ? quota : 0 }
  /// Bytes that nobody may use again.
  package var quarantinedBytes: Int {
    quarantinedUnits.load(ordering: .relaxed) * DiskLayout.unitSize
  }
  var retired: Int { quarantinedBytes }
  /// What the volume did so far.
  package var statistics: DiskVolumeStatistics { counters.snapshot }

  /// Units of a page of `length` bytes, its trailer included.
  package func unitCount(_ length: Int) -> Int { DiskLayout.unitCount(length) }

  /// Bytes of a buffer that is enough for any read.
  package static func bufferSize(pageSize: Int) -> Int { DiskLayout.bufferSize(pageSize: pageSize) }

  /// Takes a run of `count` units for the page at `slot`; its first unit, or nil when none is free.
  package func take(_ count: Int, for slot: UInt32) -> UInt32? {
    // Blocks that were taken over have room already, but nobody knows yet for whom.
    guard isReady.load(ordering: .acquiring) else { return nil }
    return lock.withLock {
      guard isReady.load(ordering: .relaxed), let unit = space.take(count, for: slot) else {
        return nil
      }
      usedUnits.store(space.usedUnits, ordering: .relaxed)
      return unit
    }
  }

  /// Gives back the run of `count` units at `unit`, and removes the record of its page.
  package func giveBack(_ unit: UInt32, _ count: Int, of slot: UInt32) {
    // Before the units are free: the record of their next owner comes after the removal.
    log.remove(unit: unit)
    lock.withLock {
      if adopting?.unit == unit {
        adopting?.fate = .givenBack
      } else {
        space.giveBack(unit, count, of: slot)
        usedUnits.store(space.usedUnits, ordering: .relaxed)
      }
    }
  }

  func slots(besides unit: UInt32, into buffer: UnsafeMutableBufferPointer<UInt32>) -> Int {
    lock.withLock { unsafe space.slots(besides: unit, into: buffer) }
  }

  /// A disk's space is there from the start.
  func prepare(_ count: Int) -> Bool { true }

  func summarize() -> RunAllocator.Summary { lock.withLock { space.summarize() } }

  /// Takes the run of a page of `length` bytes at `unit`, which was not what it should be, out of use for good, instead of
  /// giving it back.
  ///
  /// Not for pages from before a crash: what is wrong with them need not be the medium.
  package func quarantine(unit: UInt32, length: Int, of slot: UInt32) {
    let count = unitCount(length)
    log.remove(unit: unit)
    let isRetired = lock.withLock {
      if adopting?.unit == unit {
        // Only a log that was closed as whole says what lies on the medium.
        adopting?.fate = isDoubtful ? .givenBack : .bad
      } else {
        space.retire(unit, count, of: slot)
        bad[unit] = count
        return true
      }
      return false
    }
    guard isRetired else { return }
    log.quarantine(unit: unit, count: count)
    quarantinedUnits.add(count, ordering: .relaxed)
  }

  /// The bad runs, by first unit.
  var badRuns: [(unit: UInt32, count: Int)] {
    lock.withLock { bad.map { ($0.key, $0.value) } }.sorted { $0.unit < $1.unit }
  }

  /// Says that the bad run of `count` units at `unit` is tested until `endTest`; false when there is no such run any more.
  func beginTest(_ unit: UInt32, _ count: Int) -> Bool {
    lock.withLock {
      guard bad[unit] == count else { return false }
      testCount += 1
      return true
    }
  }

  /// Ends a test of a bad run.
  func endTest() { lock.withLock { testCount -= 1 } }

  /// Frees the bad run of `count` units at `unit`, which turned out to be good.
  func forgive(_ unit: UInt32, _ count: Int) {
    // Before the units are free: they may be found bad again.
    log.forgive(unit: unit)
    lock.withLock {
      guard bad.removeValue(forKey: unit) != nil else { return }
      space.release(unit, count)
      usedUnits.store(space.usedUnits, ordering: .relaxed)
      quarantinedUnits.subtract(count, ordering: .relaxed)
    }
  }

  /// Counts a page of a doubtful start, or one that was seen to match or went.
  func countUnproven(_ delta: Int) { unprovenPages.add(delta, ordering: .relaxed) }

  /// Reports that a page which was right is not any more: a fault of the disk.
  func blame() { health.corrupted(now: now()) }

  // MARK: Records

  /// Queues the record of a page whose bytes are written.
  package func record(_ page: StoredPage) { log.put(page) }

  /// The next number in the order of writes.
  package func nextSequence() -> UInt64 { sequence.add(1, ordering: .relaxed).oldValue }

  /// Waits until the device has what was written and the log what was recorded before the call.
  package func flush() async {
    // A device that cannot sync shows it at the next write; what it lost does not match its root.
    _ = await sync()
    await log.flush()
  }

  /// Ends the log; blocks.
  ///
  /// Nothing else is called afterwards. As long as pages from before a crash were not seen to match, the next start doubts
  /// all pages as this one did.
  package func close() {
    if unprovenPages.load(ordering: .relaxed) > 0 { log.doubt() }
    log.close()
  }

  /// Where `unit` lies on the device.
  func offset(of unit: UInt32) -> Int64 { dataOffset + Int64(unit) * Int64(DiskLayout.unitSize) }
}

// MARK: Steps of `leave` and `join`

extension DiskVolume {
  /// What remembers the pages.
  var log: any PageLog { logLock.withLock { currentLog } }

  /// Puts `log` in place of the one that is there, which is returned.
  func replaceLog(_ log: any PageLog) -> any PageLog {
    logLock.withLock {
      defer { currentLog = log }
      return currentLog
    }
  }

  /// Gives out no run any more.
  func stopTaking() {
    // The lock: who is taking a run has it when this returns, or finds the volume closed.
    lock.withLock { isReady.store(false, ordering: .releasing) }
  }

  /// True when nobody has a run, but those that are bad, and none of these is being tested.
  var isUnused: Bool {
    lock.withLock { testCount == 0 && space.usedUnits == bad.values.reduce(0, +) }
  }

  /// Makes the volume as it was when it was made, for a file that says this of itself.
  func startOver(
    id: VolumeID, restorableUnits units: UInt32, isClean: Bool
  ) throws(PageStoreError) {
    precondition(!isReady.load(ordering: .acquiring), "a volume in use keeps its file")
    var fresh = try lock.withLock { () throws(PageStoreError) in
      try RunAllocator(
        blockCount: space.blockCount, unitsPerBlock: space.unitsPerBlock,
        slotCount: space.slotCount)
    }
    lock.withLock {
      swap(&space, &fresh)
      bad = [:]
      self.id = id
      restorableUnits = min(units, unitCount)
      isDoubtful = !isClean
      usedUnits.store(0, ordering: .relaxed)
      quarantinedUnits.store(0, ordering: .relaxed)
      unprovenPages.store(0, ordering: .relaxed)
    }
  }
}

// MARK: Steps of `restore`

extension DiskVolume {
  /// Takes over the run of `page` and then the page itself; false when `body` refuses it.
  ///
  /// The store may give the page back before this returns.
  func adopt(_ page: StoredPage, _ body: (StoredPage) -> UInt32?) -> Bool {
    let count = DiskLayout.unitCount(page.length)
    let isFree = lock.withLock {
      adopting = (page.unit, .kept)
      return space.canAdopt(unit: page.unit, count: count)
    }
    let slot = isFree ? body(page) : nil
    let (isAdopted, isBad) = lock.withLock { () -> (Bool, Bool) in
      let fate = adopting?.fate ?? .kept
      adopting = nil
      guard let slot else { return (false, false) }
      let isAdopted = space.adopt(unit: page.unit, count: count, slot: slot)
      precondition(isAdopted, "the store gives a slot of its own")
      switch fate {
      case .kept: break
      case .givenBack: space.giveBack(page.unit, count, of: slot)
      case .bad:
        space.retire(page.unit, count, of: slot)
        bad[page.unit] = count
      }
      usedUnits.store(space.usedUnits, ordering: .relaxed)
      return (true, fate == .bad)
    }
    if isBad {
      log.quarantine(unit: page.unit, count: count)
      quarantinedUnits.add(count, ordering: .relaxed)
    }
    return isAdopted
  }

  /// Takes over a bad run; false when it is none of this volume.
  func adoptQuarantined(_ unit: UInt32, _ count: Int) -> Bool {
    let isAdopted = lock.withLock {
      let isAdopted = space.adopt(unit: unit, count: count, slot: 0)
      if isAdopted { bad[unit] = count }
      usedUnits.store(space.usedUnits, ordering: .relaxed)
      return isAdopted
    }
    if isAdopted { quarantinedUnits.add(count, ordering: .relaxed) }
    return isAdopted
  }

  /// Ends adoption: what nobody has may be taken, and the next page comes after `last`.
  func open(after last: UInt64) {
    sequence.store(last &+ 1, ordering: .relaxed)
    lock.withLock { space.finishAdoption() }
    // Before the first page could come: a log that is closed as whole says so until it is opened for writing.
    if let failure = log.failure { health.logFailed(failure, now: now()) }
    isReady.store(true, ordering: .releasing)
  }
}
