// The cache of pages: who has which page, in which memory, and until when.
//
// Goals: a look-up costs about a tenth of a microsecond and never waits for memory, disk or eviction; used ≤ quota at
// every instant; bytes under a lease never change; one fill per page in the process. Not here: what a page's bytes are,
// where they come from, and which paths may be cached.
//
//   PageStore ── StoreCore ─┬─ PageIndex      256 stripes: hash table, lanes of the eviction policy, pool of entries
//                           ├─ FileTable      resident pages and bytes by file
//                           ├─ Volume …       space: MemoryVolume over one arena per NUMA node, DiskVolume over files
//                           └─ StoreTasks     queues of the background: savers, promoter, reclaimer, scrubber

import CLinux
package import Model
package import Ring

/// A page store over memory and disks; safe to use from any thread.
package final class PageStore: Sendable {
  /// Most bytes of one volume: 2^32 units.
  package static let volumeCapacityMax = (16 << 40) - (16 << 20)
  /// Bytes of a full page.
  package let pageSize: Int
  /// The memory that pages lie in; rings register its extents.
  package let arenas: ArenaSet
  let core: StoreCore

  /// Opens a store that uses the whole of `arenas` and the `disks`, which are in the order of their tiers.
  ///
  /// Disks have no pages until `restore`.
  /// - Throws: `pageSizeInvalid`, `capacityTooSmall`, `capacityTooLarge`, `memoryUnavailable`.
  package init(
    arenas: ArenaSet, disks: [DiskVolume], options: PageStoreOptions
  ) throws(PageStoreError) {
    let pageSize = options.pageSize
    guard Self.isValid(pageSize), arenas.extentSize % pageSize == 0
    else { throw PageStoreError(.pageSizeInvalid, operation: "pageStore.open") }
    guard arenas.stride <= PageStore.volumeCapacityMax, arenas.arenas.count + disks.count < 255
    else { throw PageStoreError(.capacityTooLarge, operation: "pageStore.open") }
    let chosenSeed: UInt64
    if let seed = options.seed { chosenSeed = seed } else { chosenSeed = try Self.randomSeed() }
    let memoryUnits = arenas.stride * arenas.arenas.count / RunAllocator.unitSize
    let units = memoryUnits + disks.reduce(0) { $0 + Int($1.unitCount) }
    let tierCount = Set(disks.map(\.tier)).union([.mem]).count
    let index = try PageIndex(
      pageCountMax: units, laneCount: tierCount * 3 * options.policy.laneCount, seed: chosenSeed)
    var memory: [MemoryVolume] = []
    for arena in arenas.arenas {
      memory.append(
        try MemoryVolume(arena: arena, pageSize: pageSize, slotCount: index.slotCount))
    }
    self.pageSize = pageSize
    self.arenas = arenas
    core = try unsafe StoreCore(
      options, index: index, files: try FileTable(fileCountMax: units, seed: chosenSeed),
      memory: memory, disks: disks,
      arenas: ArenaLayout(base: arenas.base, stride: arenas.stride, owner: arenas))
  }

  private static func isValid(_ pageSize: Int) -> Bool {
    pageSize >= 64 << 10 && pageSize <= 16 << 20 && pageSize & (pageSize - 1) == 0
  }

  /// Slots that the index of a store with `bytes` on all its volumes has: what a disk volume is told when it opens.
  package static func slotCount(bytes: Int) -> Int {
    PageIndex.slotCount(pageCountMax: bytes / RunAllocator.unitSize)
  }

  /// Opens an empty store over memory alone that uses the whole of `arenas`, for pages of at most `pageSize` bytes.
  ///
  /// `seed` varies the hash; nil takes a random one.
  /// - Throws: `pageSizeInvalid`, `capacityTooSmall`, `capacityTooLarge`, `memoryUnavailable`.
  package convenience init(arenas: ArenaSet, pageSize: Int = 1 << 20, seed: UInt64? = nil)
    throws(PageStoreError)
  {
    var options = PageStoreOptions()
    options.pageSize = pageSize
    options.seed = seed
    try self.init(arenas: arenas, disks: [], options: options)
  }

  /// Opens a store of `capacity` bytes in arenas of its own, split evenly between NUMA `nodes` and rounded down to pages.
  ///
  /// - Throws: as `init(arenas:pageSize:seed:)`; `memoryUnavailable` when the arenas cannot be made.
  package convenience init(
    capacity: Int, pageSize: Int = 1 << 20, nodes: [Int] = [0], seed: UInt64? = nil
  ) throws(PageStoreError) {
    var options = PageStoreOptions()
    options.pageSize = pageSize
    options.seed = seed
    try self.init(memory: capacity, nodes: nodes, disks: [], options: options)
  }

  /// Opens a store of `capacity` bytes of memory, split evenly between NUMA `nodes` and rounded down to pages, over `disks`,
  /// which are in the order of their tiers.
  ///
  /// - Throws: as above.
  package convenience init(
    memory capacity: Int, nodes: [Int] = [0], disks: [DiskVolume], options: PageStoreOptions
  ) throws(PageStoreError) {
    let pageSize = options.pageSize
    let perNode = pageSize > 0 ? capacity / max(1, nodes.count) / pageSize * pageSize : 0
    guard Self.isValid(pageSize) else {
      throw PageStoreError(.pageSizeInvalid, operation: "pageStore.open")
    }
    guard capacity <= PageStore.volumeCapacityMax else {
      throw PageStoreError(.capacityTooLarge, operation: "pageStore.open")
    }
    guard perNode > 0 else {
      throw PageStoreError(.capacityTooSmall, operation: "pageStore.open")
    }
    let arenas: ArenaSet
    do {
      arenas = try ArenaSet(name: "penstock-pages", nodes: nodes, capacityPerNode: perNode)
    } catch {
      throw PageStoreError(.memoryUnavailable, operation: "pageStore.open", cause: error)
    }
    try self.init(arenas: arenas, disks: disks, options: options)
  }

  private static func randomSeed() throws(PageStoreError) -> UInt64 {
    var seed: UInt64 = 0
    let rc = unsafe pen_random(&seed, MemoryLayout<UInt64>.size)
    guard rc == 0 else {
      let cause = RingError(operation: "pageStore.random", result: rc)
      throw PageStoreError(.memoryUnavailable, operation: "pageStore.open", cause: cause)
    }
    return seed
  }

  deinit {
    core.tasks.close()
    // First, so that what goes from the index now stays remembered on disk.
    core.disks.forEach { $0.close() }
    // Pages that nobody holds go; the rest, and the memory, when the last lease or fill ends.
    _ = unsafe core.dropAll { _ in true }
    core.releaseHolder()
  }

  // MARK: Pages

  /// Looks a page up and holds it when it is here; the page counts as used at `now` (CLOCK_MONOTONIC nanoseconds).
  ///
  /// About 0.1 µs; takes one stripe's lock, allocates nothing. All callers of a store use the same clock.
  package func lookup(_ key: PageKey, now: UInt64) -> Lookup {
    core.lookup(key, tick: AccessClock.tick(now))
  }

  /// Looks a page up as used now; reads the clock, which costs about 20 ns more.
  package func lookup(_ key: PageKey) -> Lookup { lookup(key, now: core.options.clock()) }

  /// Holds a page that is in memory, which counts as a hit; nil, which counts as nothing, when it is not.
  ///
  /// For who asks `lookup` or `fill` next, and would be counted twice.
  package func hold(_ key: PageKey, now: UInt64) -> PageLease? {
    core.hold(key, tick: AccessClock.tick(now))
  }

  /// Bytes of a buffer that any page on disk can be read into, a multiple of 4096.
  package var readBufferSize: Int { DiskVolume.bufferSize(pageSize: pageSize) }

  /// Decides, atomically against all other callers, who brings the page of `length` bytes.
  ///
  /// The owner's space is reserved near NUMA `node` before this returns, evicting pages unused the longest when there is
  /// none; the effort is bounded (at most 64 blocks). May block for about a millisecond while memory is first made resident.
  /// The file has `traits` from now on, when they are given. Without `countsRejection` nobody is turned away by a rejection:
  /// the caller tries again, or ahead of need.
  package func fill(
    _ key: PageKey, length: Int, node: Int = 0, traits: FileTraits? = nil, now: UInt64,
    countsRejection: Bool = true
  ) -> FillDecision {
    core.fill(
      key, length: length, node: node, traits: traits, tick: AccessClock.tick(now),
      countsRejection: countsRejection)
  }

  /// Decides who brings the page, as of now; reads the clock.
  package func fill(
    _ key: PageKey, length: Int, node: Int = 0, traits: FileTraits? = nil,
    countsRejection: Bool = true
  ) -> FillDecision {
    fill(
      key, length: length, node: node, traits: traits, now: core.options.clock(),
      countsRejection: countsRejection)
  }

  /// Enters the pages that the disk at `position` remembers; blocks, for seconds when there are millions.
  ///
  /// Reads and fills go on meanwhile; the disk takes no pages until this returns.
  @discardableResult
  package func restore(disk position: Int) -> DiskVolume.Restoration { core.restore(position) }

  /// Gives the pages of `file`, resident ones and those to come, other traits.
  package func setTraits(_ traits: FileTraits, of file: FileKey) {
    core.setTraits(traits, of: file)
  }

  /// True when the page is resident; counts as no use and no hit.
  package func contains(_ key: PageKey) -> Bool {
    let hash = core.index.hash(key)
    let stripe = core.index.stripe(of: hash)
    stripe.lock()
    defer { stripe.unlock() }
    guard let entry = unsafe stripe.find(key, hash) else { return false }
    return unsafe entry.pointee.current.isResident
  }

  /// True when the page is resident or being filled; counts as no use and no hit.
  package func isKnown(_ key: PageKey) -> Bool {
    let hash = core.index.hash(key)
    let stripe = core.index.stripe(of: hash)
    stripe.lock()
    defer { stripe.unlock() }
    return unsafe stripe.find(key, hash) != nil
  }

  // MARK: Leaving

  /// Drops every page of `file`, the bytes of which it returns; pages that are held go when their last lease ends.
  @discardableResult
  package func drop(_ file: FileKey) -> Int { core.drop(file) }

  /// Drops one page; returns its bytes, 0 when it was not resident.
  @discardableResult
  package func drop(page key: PageKey) -> Int { core.drop(key) }

  /// Drops every page; returns their bytes.
  @discardableResult
  package func dropAll() -> Int { unsafe core.dropAll { _ in true } }

  /// Evicts pages from memory, in the policy's order, until at most `target` bytes are used, or `limit` pages are gone.
  ///
  /// For a background task between watermarks. Returns the bytes of space freed; 0 means that nothing could leave.
  @discardableResult
  package func evict(toUsed target: Int, limit: Int = 1024) -> Int {
    core.evict(0, toUsed: target, limit: limit, tick: core.now)
  }

  /// Makes memory resident until `count` bytes on each node are free, within the quota; for a background thread.
  ///
  /// Returns false when the kernel refused memory. Blocks for about half a millisecond per 2 MiB.
  @discardableResult
  package func prepare(_ count: Int) -> Bool {
    core.volumes.reduce(true) { $1.prepare(count) && $0 }
  }

  /// What one step of making memory resident came to.
  package enum Preparation: Sendable, Equatable {
    /// So many bytes became resident.
    case grown(Int)
    /// As much as was asked for is resident and unused.
    case enough
    /// All of the quota is resident.
    case whole
    /// The kernel refused memory.
    case refused
  }

  /// True when `count` bytes, evenly on all nodes, are resident and unused, or all that the quota allows; a few loads.
  package func hasPrepared(_ count: Int) -> Bool {
    let perNode = max(1, count / core.memoryVolumes.count)
    return core.memoryVolumes.allSatisfy { $0.hasReady(perNode) }
  }

  /// True when all of the memory's quota is resident.
  package var isWhollyResident: Bool { core.memoryVolumes.allSatisfy(\.isWhole) }

  /// Makes at most one chunk resident on each node that has less than its share of `count` bytes resident and unused.
  ///
  /// For a background thread, called again and again. Blocks for about half a millisecond; nobody else waits longer.
  package func prepareChunk(toward count: Int) -> Preparation {
    let perNode = max(1, count / core.memoryVolumes.count)
    var (grown, isRefused) = (0, false)
    for volume in core.memoryVolumes where !volume.hasReady(perNode) {
      let step = volume.prepareChunk()
      grown += step
      isRefused = isRefused || step == 0 && !volume.isWhole
    }
    if grown > 0 { return .grown(grown) }
    if isRefused { return .refused }
    return isWhollyResident ? .whole : .enough
  }

  // MARK: Files

  /// Bytes of the resident pages of `file`.
  ///
  /// One look-up.
  package func residentBytes(of file: FileKey) -> Int64 { core.files.record(of: file)?.bytes ?? 0 }

  /// Number of resident pages of `file`.
  ///
  /// One look-up.
  package func residentPages(of file: FileKey) -> Int {
    Int(core.files.record(of: file)?.pages ?? 0)
  }

  /// Every file with a resident page.
  ///
  /// O(files), one stripe's lock at a time.
  package func residentFiles() -> [ResidentFile] {
    core.files.all().filter { $0.pages > 0 }
      .map { ResidentFile(file: $0.key, pages: Int($0.pages), bytes: $0.bytes) }
  }
}
