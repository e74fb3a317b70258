// Making room: which page leaves, how much leaves with it, and how hard one fill tries.
//
// The victim is the policy's choice among the lanes of the tier's lowest priority that has pages. In a lane it is the oldest
// page of the whole store: each stripe keeps its own order and publishes the stamp of its oldest, and the search compares
// 256 stamps without a lock. A page that someone holds counts as used now and goes to the new end of its list, so that it
// is met once, not at every search.
//
// A full page needs a whole block: the victim's neighbours in its block leave with it, unless held. So does a small page
// when the victim's own units do not make its run: one block gives room to the next dozens of small pages, while picking
// single pages all over the store would empty it before a run comes together.

import Model
import Synchronization

/// A place for a copy.
struct Place: Equatable {
  let volume: UInt8
  let unit: UInt32
}

/// A place that was found, or why there is none.
enum Room {
  case found(Place)
  case none(Rejection)
}

extension StoreCore {
  /// Blocks one fill frees at most; beyond that it is turned away and the caller passes through.
  private static let evictionsPerFillMax = 64
  /// Held pages one fill steps over at most.
  private static let stepsPerFillMax = 4096
  /// Pages on disk whose copy in memory is in use that one search spares.
  private static let sparedMax = 64

  /// Pages that leave for one that is counted lower: a scan of ten times the cache leaves the hot ones where they are.
  private static let evictionsPerAging = 64

  /// What one attempt to evict the next page did.
  private enum Eviction {
    /// There is no page that may leave.
    case nothing
    /// The page was held, got another chance, or was gone before its stripe was locked.
    case skipped
    /// The page has a fresher copy in front and got another chance for it.
    case spared
    /// A page left its units.
    case freed(Place, bytes: Int)
  }

  /// A stripe's turn to give victims of one lane.
  private struct Turn {
    let lane: Int
    /// The first lane of its priority.
    let first: Int
    /// nil when the lane was empty after all.
    let stripe: Int?
    /// Victims it gives before another is searched.
    var left: Int
  }

  /// A search for victims in one tier.
  private struct Search {
    let tier: Int
    /// Pages above this priority stay.
    let priority: CachePriority
    let tick: UInt64
    /// Whether copies behind others are spared.
    var spares = true
  }

  /// Takes a run for a page of `length` bytes at `slot` in `tier`, near `node` first, evicting when there is no room.
  func makeRoom(
    _ length: Int, for slot: UInt32, in tier: Int, near node: Int, priority: CachePriority,
    tick: UInt64
  ) -> Room {
    if let place = takeRoom(length, for: slot, in: tier, near: node) { return .found(place) }
    // A tier whose volumes take nothing, ill or not restored yet, keeps what it has: no victim would make room.
    guard tiers[tier].volumes.contains(where: { volumes[$0].acceptsPages }) else {
      return .none(.full)
    }
    var search = Search(tier: tier, priority: priority, tick: tick)
    var (steps, evictions, spared) = (0, 0, 0)
    let stepsMax = min(StoreCore.stepsPerFillMax, entryCount + PageIndex.stripeCount)
    while steps < stepsMax, evictions < StoreCore.evictionsPerFillMax {
      steps += 1
      switch evictNext(search) {
      case .nothing:
        if let place = take(length, for: slot, in: tier, near: node) { return .found(place) }
        return .none(rejection(in: tier, above: priority))
      case .skipped: continue
      case .spared:
        spared += 1
        search.spares = spared < StoreCore.sparedMax
      case .freed(let place, _):
        evictions += 1
        if let place = take(length, for: slot, in: tier, near: node) { return .found(place) }
        evictNeighbours(of: place, search)
        if let place = take(length, for: slot, in: tier, near: node) { return .found(place) }
      }
    }
    return .none(.full)
  }

  /// Takes a free run for a page of `length` bytes at `slot` in `tier`, near `node` first; nothing leaves for it.
  ///
  /// A tier over its high watermark, full or not, is left to the reclaimer, which is woken.
  func takeRoom(_ length: Int, for slot: UInt32, in tier: Int, near node: Int) -> Place? {
    let place = take(length, for: slot, in: tier, near: node)
    noteUse(of: tier)
    return place
  }

  /// Why nothing in `tier` may leave.
  private func rejection(in tier: Int, above priority: CachePriority) -> Rejection {
    if tier == 0, tasks.unsavedCount.load(ordering: .relaxed) > 0 { return .busy }
    let lanes = policy.laneCount
    let first = (tier * 3 + Int(priority.rawValue) + 1) * lanes
    let isHeldByDearer = (first..<(tier + 1) * 3 * lanes).contains { index.pages(ofLane: $0) > 0 }
    return isHeldByDearer ? .priority : .full
  }

  /// Evicts pages of `tier` until at most `target` bytes are used or `limit` pages are gone; returns bytes freed.
  func evict(_ tier: Int, toUsed target: Int, limit: Int, tick: UInt64) -> Int {
    var search = Search(tier: tier, priority: .high, tick: tick)
    var freed = 0
    var (steps, evictions, spared) = (0, 0, 0)
    let stepsMax = min(limit * 2, entryCount) + PageIndex.stripeCount
    var turn: Turn?
    while used(tier) > target, evictions < limit, steps < stepsMax {
      steps += 1
      if turn.map({ $0.left == 0 }) ?? true { turn = nextTurn(search) }
      guard let current = turn else { return freed }
      turn?.left -= 1
      switch evictOldest(current, search) {
      case .nothing: return freed
      case .skipped: continue
      case .spared:
        spared += 1
        search.spares = spared < StoreCore.sparedMax
      case .freed(_, let bytes):
        evictions += 1
        freed += bytes
      }
    }
    return freed
  }

  /// Bytes in use on the volumes of `tier`, without those that stay whoever leaves.
  func used(_ tier: Int) -> Int {
    var sum = 0
    for volume in tiers[tier].volumes { sum += volumes[volume].used - volumes[volume].retired }
    return max(0, sum)
  }

  /// Wakes the reclaimer when `tier` rose over its high watermark.
  private func noteUse(of tier: Int) {
    if let high = tiers[tier].high, used(tier) > high { tasks.overfull.happen() }
  }

  private func take(_ length: Int, for slot: UInt32, in tier: Int, near node: Int) -> Place? {
    let range = tiers[tier].volumes
    if range.count == 1 { return take(length, for: slot, from: range.lowerBound) }
    if tier == 0 {
      for number in range where volumes[number].node == node {
        if let place = take(length, for: slot, from: number) { return place }
      }
      for number in range where volumes[number].node != node {
        if let place = take(length, for: slot, from: number) { return place }
      }
      return nil
    }
    // On disks the node comes first, then the emptiest: I/O spreads as the pages do.
    let order = range.map { (number: $0, rank: rank(volumes[$0], node)) }
      .sorted { ($0.rank, $0.number) < ($1.rank, $1.number) }
    for candidate in order {
      if let place = take(length, for: slot, from: candidate.number) { return place }
    }
    return nil
  }

  /// Permille of the volume in use, and a thousand more on a far node.
  private func rank(_ volume: any Volume, _ node: Int) -> Int {
    volume.used / max(1, volume.quota / 1000) + (volume.node == node ? 0 : 1000)
  }

  private func take(_ length: Int, for slot: UInt32, from number: Int) -> Place? {
    let volume = volumes[number]
    guard volume.acceptsPages, let unit = volume.take(volume.unitCount(length), for: slot) else {
      return nil
    }
    return Place(volume: UInt8(number), unit: unit)
  }

  // MARK: Victims

  private func evictNext(_ search: Search) -> Eviction {
    guard let turn = nextTurn(search) else { return .nothing }
    return evictOldest(turn, search)
  }

  /// The copy that would leave `tier` next, still there; pages that get another chance are given it.
  func nextVictim(of tier: Int) -> CopyName? {
    let tick = now
    for _ in 0..<min(StoreCore.stepsPerFillMax, entryCount + PageIndex.stripeCount) {
      guard let (lane, first) = nextLane(tier, .high) else { return nil }
      let start = hand.load(ordering: .relaxed)
      guard let number = index.oldestStripe(ofLane: lane, now: tick, from: start) else { continue }
      hand.store(number &+ 1, ordering: .relaxed)
      let stripe = index.stripe(number)
      stripe.lock()
      defer { stripe.unlock() }
      guard let entry = unsafe stripe.oldest(lane) else { continue }
      let word = unsafe entry.pointee.current
      // What is on a disk that is out cannot be moved.
      if unsafe word.pins > 0 || isOut(entry) {
        unsafe stripe.touch(entry, tick)
        continue
      }
      switch unsafe policy.onVictim(lane: lane - first, heat: &entry.pointee.heat) {
      case .toLane(let next):
        unsafe stripe.unlink(entry)
        unsafe stripe.link(entry, UInt8(first + next), tick)
      case .leave: return unsafe CopyName(slot: index.slot(of: entry), generation: word.generation)
      }
    }
    return nil
  }

  /// The lane that gives the next victim of `tier`, and the first lane of its priority.
  private func nextLane(_ tier: Int, _ priority: CachePriority) -> (lane: Int, first: Int)? {
    for priority in 0...Int(priority.rawValue) {
      let first = (tier * 3 + priority) * policy.laneCount
      var counts = LaneCounts()
      for lane in 0..<policy.laneCount { counts[lane] = index.pages(ofLane: first + lane) }
      if let lane = policy.victimLane(counts) { return (first + lane, first) }
    }
    return nil
  }

  /// The stripe that gives the next victims.
  ///
  /// In a lane of many pages it gives a few in a row: their ages are as good as equal, and searching costs as much as
  /// evicting.
  private func nextTurn(_ search: Search) -> Turn? {
    guard let (lane, first) = nextLane(search.tier, search.priority) else { return nil }
    let start = hand.load(ordering: .relaxed)
    let stripe = index.oldestStripe(ofLane: lane, now: search.tick, from: start)
    if let stripe { hand.store(stripe &+ 1, ordering: .relaxed) }
    let isLarge = index.pages(ofLane: lane) >= PageIndex.stripeCount * Int(IndexStripe.exactCount)
    return Turn(lane: lane, first: first, stripe: stripe, left: isLarge ? 4 : 1)
  }

  private func evictOldest(_ turn: Turn, _ search: Search) -> Eviction {
    let (lane, first) = (turn.lane, turn.first)
    // The lane's last page has just gone.
    guard let number = turn.stripe else { return .skipped }
    let stripe = index.stripe(number)
    stripe.lock()
    guard let entry = unsafe stripe.oldest(lane) else {
      stripe.unlock()
      return .skipped
    }
    // Nor would a page on a volume that takes none make room: it stays for the volume's return.
    guard unsafe entry.pointee.current.pins == 0, unsafe makesRoom(entry) else {
      unsafe stripe.touch(entry, search.tick)
      stripe.unlock()
      return .skipped
    }
    if search.spares, unsafe !isMemory(entry), unsafe entry.pointee.flags.contains(.behind) {
      unsafe stripe.touch(entry, search.tick)
      stripe.unlock()
      return .spared
    }
    switch unsafe policy.onVictim(lane: lane - first, heat: &entry.pointee.heat) {
    case .toLane(let next):
      unsafe stripe.unlink(entry)
      unsafe stripe.link(entry, UInt8(first + next), search.tick)
      stripe.unlock()
      return .skipped
    case .leave(let isRemembered):
      if isRemembered { unsafe ghosts.insert(PageIndex.hash(entry, seed: index.seed)) }
      let eviction = unsafe evict(entry, in: stripe, search.tick)
      if policy.kind == .lfu { age(first, search.tick) }
      return eviction
    }
  }

  /// Counts one page lower, of the lanes from `first`, for many that left; called without a lock.
  private func age(_ first: Int, _ tick: UInt64) {
    let left = agingTurn.add(1, ordering: .relaxed).newValue
    guard left % StoreCore.evictionsPerAging == 0 else { return }
    var counts = LaneCounts()
    for lane in 0..<policy.laneCount { counts[lane] = index.pages(ofLane: first + lane) }
    let turn = left / StoreCore.evictionsPerAging
    guard let lane = policy.agingLane(counts, turn: turn) else { return }
    let start = hand.load(ordering: .relaxed)
    guard let number = index.oldestStripe(ofLane: first + lane, now: tick, from: start) else {
      return
    }
    let stripe = index.stripe(number)
    stripe.lock()
    if let entry = unsafe stripe.oldest(first + lane) {
      let next = unsafe policy.onAging(heat: &entry.pointee.heat)
      unsafe stripe.unlink(entry)
      unsafe stripe.link(entry, UInt8(first + next), tick)
    }
    stripe.unlock()
  }

  /// Whether the units of `entry` could be given to another page.
  @inline(__always)
  private func makesRoom(_ entry: UnsafeMutablePointer<PageEntry>) -> Bool {
    unsafe isMemory(entry) || volumes[Int(entry.pointee.volume)].acceptsPages
  }

  /// Evicts an idle copy and releases the stripe's lock.
  private func evict(
    _ entry: UnsafeMutablePointer<PageEntry>, in stripe: IndexStripe, _ tick: UInt64
  ) -> Eviction {
    let length = unsafe entry.pointee.current.length
    let place = unsafe Place(volume: entry.pointee.volume, unit: entry.pointee.unit)
    // Of a page with another copy nothing is lost to readers.
    let isLast =
      unsafe isMemory(entry)
      ? entry.pointee.aux == 0 : !entry.pointee.flags.contains(.behind)
    if isLast {
      unsafe stripe.state.pointee.counters.evictions += 1
      unsafe stripe.state.pointee.counters.evictedBytes += UInt64(length)
    }
    let isBack = unsafe doom(entry, in: stripe, tick)
    precondition(isBack, "nobody can pin a page while its stripe is locked")
    stripe.unlock()
    releaseHolder()
    let count = volumes[Int(place.volume)].unitCount(length)
    return .freed(place, bytes: count * RunAllocator.unitSize)
  }

  /// Evicts the idle small pages in the block of `place` that may leave.
  private func evictNeighbours(of place: Place, _ search: Search) {
    let volume = volumes[Int(place.volume)]
    let block = volume.block(of: place.unit)
    let unitsPerBlock = volume.unitCount(pageSize)
    unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: unitsPerBlock) { buffer in
      let count = unsafe volume.slots(besides: place.unit, into: buffer)
      for position in 0..<count {
        let entry = unsafe index.entry(at: buffer[position])
        let stripe = unsafe index.stripe(of: entry)
        stripe.lock()
        let word = unsafe entry.pointee.current
        // The slot may have another page by now: only an idle page that still lies in this block leaves.
        if word.isResident, word.pins == 0, unsafe entry.pointee.volume == place.volume,
          unsafe volume.block(of: entry.pointee.unit) == block,
          unsafe entry.pointee.lane != PageEntry.noLane,
          unsafe entry.pointee.flags.priority <= search.priority
        {
          _ = unsafe evict(entry, in: stripe, search.tick)
        } else {
          stripe.unlock()
        }
      }
    }
  }
}
