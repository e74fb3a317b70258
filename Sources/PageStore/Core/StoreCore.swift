// What a PageStore, its leases and its fills share. It lives until the store is gone and the last lease and fill ended.
//
//   look-up:  stripe lock → find → pin → policy → unlock                        (no other lock, no allocation, no ARC)
//   release:  one atomic subtraction; the last one off a doomed copy gives its space back
//   fill:     stripe lock → entry "filling" → unlock → room (may evict) → bytes by the owner → stripe lock → resident
//   move:     stripe lock → pin, entry "moving" → unlock → room, bytes → stripe lock → the copies change places
//
// The entry is in the index before room is made, so that a thousand readers of one missing page make room once.

import Model
import Synchronization

/// Index, files and volumes of one store.
@safe final class StoreCore: @unchecked Sendable {
  let options: PageStoreOptions
  let pageSize: Int
  let policy: ChosenPolicy
  let index: PageIndex
  let files: FileTable
  /// The arenas' volumes, then the disks' in the order of their tiers; an entry names one by its position.
  let volumes: [any Volume]
  let disks: [DiskVolume]
  let memoryVolumes: [MemoryVolume]
  let memoryCount: Int
  /// The tiers, fastest first; the first is memory.
  let tiers: [StoreTier]
  /// The tier of each volume.
  let tierOfVolume: [Int]
  // SAFETY: a constant address; the memory is kept by `memory`.
  let base: UnsafeMutableRawPointer
  /// Bytes from one arena's first to the next one's.
  let stride: Int
  /// What keeps the pages' memory mapped.
  let memory: any AnyObject & Sendable
  let ghosts: GhostTable
  let tasks: StoreTasks
  /// Where the next search for the oldest stripe starts.
  let hand = Atomic<Int>(0)
  /// Pages that left, for which others are counted lower.
  let agingTurn = Atomic<Int>(0)
  /// One for the store itself and one for each entry that is filling, moving, resident or doomed; at zero the core lets go
  /// of itself.
  private let holders = Atomic<Int>(1)

  init(
    _ options: PageStoreOptions, index: consuming PageIndex, files: consuming FileTable,
    memory volumes: [MemoryVolume], disks: [DiskVolume], arenas: ArenaLayout
  ) throws(PageStoreError) {
    self.options = options
    pageSize = options.pageSize
    policy = ChosenPolicy(
      kind: options.policy, classes: LFUClasses(base: options.lfuLogBase))
    ghosts = try GhostTable(count: options.policy.remembersKeys ? index.pageCountMax : 1)
    self.index = index
    self.files = files
    self.volumes = volumes + disks
    self.disks = disks
    memoryVolumes = volumes
    memoryCount = volumes.count
    tiers = StoreTier.tiers(volumes + disks, options)
    tierOfVolume = self.volumes.indices.map { [tiers] volume in
      tiers.firstIndex { $0.volumes.contains(volume) } ?? 0
    }
    unsafe base = arenas.base
    stride = arenas.stride
    memory = arenas.owner
    tasks = StoreTasks(volumeCount: self.volumes.count)
    _ = unsafe Unmanaged.passRetained(self)
  }

  /// Counts an entry that came to be.
  func retainForEntry() { holders.add(1, ordering: .relaxed) }

  /// Counts an entry, or the store itself, that went; no lock is held, and `self` may be gone afterwards.
  func releaseHolder() {
    guard holders.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
    unsafe Unmanaged.passUnretained(self).release()
  }

  /// Entries that are filling, moving, resident or doomed, roughly: other threads go on.
  var entryCount: Int { holders.load(ordering: .relaxed) }

  /// True when pages in memory are to have a copy below.
  var savesPages: Bool { !disks.isEmpty }

  /// The tick of now.
  var now: UInt64 { AccessClock.tick(options.clock()) }

  // MARK: Hits

  /// Looks `key` up, as used at `tick`.
  @inline(__always)
  func lookup(_ key: PageKey, tick: UInt64) -> Lookup {
    let hash = index.hash(key)
    let stripe = index.stripe(of: hash)
    stripe.lock()
    if let entry = unsafe stripe.find(key, hash), let word = unsafe pin(entry) {
      unsafe stripe.use(entry, tick, policy)
      unsafe stripe.state.pointee.hits &+= 1
      if unsafe isMemory(entry) {
        stripe.unlock()
        return unsafe .hit(lease(entry, word))
      }
      return unsafe storedLookup(entry, stripe)
    }
    unsafe stripe.state.pointee.misses &+= 1
    stripe.unlock()
    return .miss
  }

  /// Holds `key` when it is in memory, as used at `tick`.
  @inline(__always)
  func hold(_ key: PageKey, tick: UInt64) -> PageLease? {
    let hash = index.hash(key)
    let stripe = index.stripe(of: hash)
    stripe.lock()
    defer { stripe.unlock() }
    guard let entry = unsafe stripe.find(key, hash), unsafe isMemory(entry),
      let word = unsafe pin(entry)
    else { return nil }
    unsafe stripe.use(entry, tick, policy)
    unsafe stripe.state.pointee.hits &+= 1
    return unsafe lease(entry, word)
  }

  @inline(__always)
  func isMemory(_ entry: UnsafeMutablePointer<PageEntry>) -> Bool {
    unsafe Int(entry.pointee.volume) < memoryCount
  }

  /// Adds a pin to `entry` when it is resident and can have one more; called with the stripe's lock.
  @inline(__always)
  func pin(_ entry: UnsafeMutablePointer<PageEntry>) -> PageWord? {
    let word = unsafe entry.pointee.current
    guard word.isResident, word.pins < PageWord.pinsMax else { return nil }
    unsafe entry.pointee.word.add(1, ordering: .relaxed)
    return word
  }

  /// A lease for a pin on a copy in memory that is counted.
  @inline(__always)
  func lease(_ entry: UnsafeMutablePointer<PageEntry>, _ word: PageWord) -> PageLease {
    let bytes = unsafe UnsafeRawBufferPointer(start: address(of: entry), count: word.length)
    return unsafe PageLease(bytes, entry: entry, core: self, generation: word.generation)
  }

  /// Takes a pin off `entry`.
  @inline(__always)
  func release(_ entry: UnsafeMutablePointer<PageEntry>, generation: UInt16) {
    let word = unsafe PageWord(
      raw: entry.pointee.word.subtract(1, ordering: .acquiringAndReleasing).newValue)
    precondition(word.generation == generation, "a lease ends once")
    if word.isReclaimable { unsafe reclaimDoomed(entry) }
  }

  // MARK: Places

  /// The first byte of the copy at `entry`, which has a place in memory.
  @inline(__always)
  func address(of entry: UnsafeMutablePointer<PageEntry>) -> UnsafeMutableRawPointer {
    unsafe base + Int(entry.pointee.volume) * stride + Int(entry.pointee.unit)
      * RunAllocator.unitSize
  }

  /// The volume of the copy at `entry`.
  func volume(of entry: UnsafeMutablePointer<PageEntry>) -> any Volume {
    unsafe volumes[Int(entry.pointee.volume)]
  }

  /// The disk of the copy at `entry`, which is not in memory.
  func disk(of entry: UnsafeMutablePointer<PageEntry>) -> DiskVolume {
    unsafe disks[Int(entry.pointee.volume) - memoryCount]
  }

  /// The NUMA node of the copy at `entry`.
  func node(of entry: UnsafeMutablePointer<PageEntry>) -> Int { unsafe volume(of: entry).node }

  /// The lane of the copy at `entry` that has policy lane `lane`.
  func lane(_ lane: Int, of entry: UnsafeMutablePointer<PageEntry>) -> UInt8 {
    let tier = unsafe tierOfVolume[Int(entry.pointee.volume)]
    let priority = unsafe Int(entry.pointee.flags.priority.rawValue)
    return UInt8((tier * 3 + priority) * policy.laneCount + lane)
  }

  // MARK: Order of leaving

  /// Puts a resident copy in the order of leaving when it may leave; called with the stripe's lock.
  ///
  /// A copy that was listed before, in a policy's lane `former`, keeps that and its place by age: `tick` is its own then.
  func list(
    _ entry: UnsafeMutablePointer<PageEntry>, in stripe: IndexStripe, _ tick: UInt64,
    from former: Int? = nil
  ) {
    let flags = unsafe entry.pointee.flags
    let isMemory = unsafe isMemory(entry)
    // Of a pinned file the copy in memory may leave when there is one below.
    if flags.contains(.pinned), unsafe !isMemory || entry.pointee.aux == 0 { return }
    if isMemory, flags.contains(.unsaved) { return }
    if let former {
      let lane = unsafe lane(former, of: entry)
      return unsafe stripe.link(entry, lane, byAge: tick, now: now)
    }
    var isRemembered = false
    if policy.remembersKeys {
      isRemembered = unsafe ghosts.remove(PageIndex.hash(entry, seed: index.seed))
    }
    let lane = unsafe lane(policy.laneOnInsertion(wasRemembered: isRemembered), of: entry)
    unsafe stripe.link(entry, lane, tick)
  }

  // MARK: Ends of copies

  /// Makes a resident copy unreachable; called with the stripe's lock.
  ///
  /// A copy behind it is seen from then on. Returns true when nobody held it: its entry and space are back already, and
  /// `releaseHolder` is to be called after unlocking.
  func doom(
    _ entry: UnsafeMutablePointer<PageEntry>, in stripe: IndexStripe, _ tick: UInt64
  ) -> Bool {
    let length = unsafe entry.pointee.current.length
    unsafe stripe.unlink(entry)
    unsafe endDoubt(entry)
    if unsafe !isMemory(entry), unsafe entry.pointee.flags.contains(.behind) {
      unsafe leaveFront(of: entry, in: stripe, tick)
    } else if let behind = unsafe behind(entry) {
      unsafe reveal(behind, insteadOf: entry, in: stripe, tick)
    } else {
      unsafe stripe.remove(entry)
      unsafe stripe.state.pointee.counters.resident -= 1
      unsafe stripe.state.pointee.counters.departures += 1
      unsafe stripe.state.pointee.counters.residentBytes -= Int64(length)
      files.removePage(unsafe entry.pointee.file, length: length)
    }
    tasks.copies.add(-1, to: unsafe Int(entry.pointee.volume))
    let flip = PageWord.resident | PageWord.doomed
    let word = unsafe PageWord(
      raw: entry.pointee.word.bitwiseXor(flip, ordering: .acquiringAndReleasing).newValue)
    if word.isReclaimable {
      unsafe giveBack(entry, in: stripe, length: length)
      return true
    }
    unsafe stripe.state.pointee.counters.doomed += 1
    unsafe stripe.state.pointee.counters.doomedBytes += Int64(length)
    return false
  }

  /// The copy behind a copy in memory, or nil.
  func behind(_ entry: UnsafeMutablePointer<PageEntry>) -> UnsafeMutablePointer<PageEntry>? {
    guard unsafe isMemory(entry), unsafe entry.pointee.aux != 0 else { return nil }
    return unsafe index.entry(at: entry.pointee.aux)
  }

  /// The visible copy in front of `entry`, which is behind one.
  func front(
    of entry: UnsafeMutablePointer<PageEntry>, in stripe: IndexStripe
  ) -> UnsafeMutablePointer<PageEntry> {
    let hash = unsafe PageIndex.hash(entry, seed: index.seed)
    guard let front = unsafe stripe.find(entry.pointee.key, hash) else {
      preconditionFailure("a copy behind has one in front")
    }
    return unsafe front
  }

  /// Tells the copy in front that `entry` goes.
  private func leaveFront(
    of entry: UnsafeMutablePointer<PageEntry>, in stripe: IndexStripe, _ tick: UInt64
  ) {
    let front = unsafe front(of: entry, in: stripe)
    unsafe front.pointee.aux = 0
    unsafe entry.pointee.flags.remove(.behind)
    unsafe stripe.state.pointee.counters.behind -= 1
    // A pinned page without a copy below stays.
    if unsafe front.pointee.flags.contains(.pinned) { unsafe stripe.unlink(front) }
  }

  /// Makes `entry` the visible copy in place of the one in front of it, whose uses count for it.
  private func reveal(
    _ entry: UnsafeMutablePointer<PageEntry>, insteadOf front: UnsafeMutablePointer<PageEntry>,
    in stripe: IndexStripe, _ tick: UInt64
  ) {
    let hash = unsafe PageIndex.hash(entry, seed: index.seed)
    unsafe stripe.remove(front)
    unsafe front.pointee.aux = 0
    unsafe entry.pointee.flags.remove(.behind)
    unsafe stripe.insert(entry, hash)
    unsafe stripe.state.pointee.counters.behind -= 1
    unsafe stripe.use(entry, tick, policy)
  }

  /// Gives a copy's units and entry back; called with the stripe's lock, `releaseHolder` to follow.
  func giveBack(
    _ entry: UnsafeMutablePointer<PageEntry>, in stripe: IndexStripe, length: Int
  ) {
    let (unit, slot) = unsafe (entry.pointee.unit, index.slot(of: entry))
    if unit != PageEntry.noUnit {
      if unsafe !isMemory(entry), unsafe entry.pointee.flags.contains(.bad) {
        unsafe disk(of: entry).quarantine(unit: unit, length: length, of: slot)
      } else {
        let volume = unsafe volume(of: entry)
        volume.giveBack(unit, volume.unitCount(length), of: slot)
      }
    }
    unsafe stripe.giveBack(entry)
  }

  /// Gives a doomed copy back whose last pin just went.
  private func reclaimDoomed(_ entry: UnsafeMutablePointer<PageEntry>) {
    let stripe = unsafe index.stripe(of: entry)
    let length = unsafe entry.pointee.current.length
    stripe.lock()
    unsafe stripe.state.pointee.counters.doomed -= 1
    unsafe stripe.state.pointee.counters.doomedBytes -= Int64(length)
    unsafe giveBack(entry, in: stripe, length: length)
    stripe.unlock()
    releaseHolder()
  }
}

/// Where the arenas' memory lies.
@safe struct ArenaLayout: @unchecked Sendable {
  // SAFETY: a constant address that `owner` keeps mapped.
  let base: UnsafeMutableRawPointer
  let stride: Int
  let owner: any AnyObject & Sendable
}
