// One lock's part of the index: a hash table, the lanes' lists and a pool of entries, all of flat memory.
//
//   State (384 bytes, one per stripe)      entries (56 B each, 256 apart; number 0 is never used)
//   | mutex | buckets | lanes | hits … | → | 1 | 2 | 3 | …  chained by hash, by lane, or by the free list
//
// A lane's list is in the order of stamps, the oldest published; an entry is in one lane or in none.
// Lock order: a stripe's lock, then a file stripe's, a volume's or a log's. Never two stripes at once (but in
// checkInvariants, which takes all of them in order).

import Glibc
import Model
import Synchronization

/// A stripe of the index; every member but `lock` is called with the lock held.
@safe struct IndexStripe {
  /// What a stripe keeps; `mutex` is first.
  @safe struct State {
    var mutex: pthread_mutex_t
    let entries: UnsafeMutablePointer<PageEntry>
    /// The stripe's part of each lane.
    let lanes: UnsafeMutablePointer<Lane>
    /// The stamp of each lane's oldest entry, `stripeCount` apart and readable without the lock; `noStamp` for an empty one.
    let oldestStamps: UnsafeMutablePointer<Atomic<UInt64>>
    /// Pages of each lane in all stripes.
    let lanePages: UnsafeMutablePointer<Atomic<Int>>
    var buckets: LinearBuckets
    var hits: UInt64 = 0
    var misses: UInt64 = 0
    // Changed by fills and evictions only, from here on.
    var free: UInt32 = 0
    var fresh: UInt32 = 1
    let capacity: UInt32
    let seed: UInt64
    var indexed: UInt32 = 0
    var counters = StripeCounters()
  }

  /// One stripe's part of a lane.
  struct Lane {
    var newest: UInt32 = 0
    var oldest: UInt32 = 0
    var count: UInt32 = 0
  }

  /// The stamp of an empty lane.
  static let noStamp = UInt64.max
  /// Pages from which on a lane's order in its stripe is exact only to an eighth of its span.
  static let exactCount: UInt32 = 64
  /// Bytes from one stripe's state to the next: no two stripes share a cache line, nor a pair of them.
  static let stride = 384

  // SAFETY: a state lives as long as its index.
  let state: UnsafeMutablePointer<State>

  @inline(__always)
  private var mutex: UnsafeMutablePointer<pthread_mutex_t> {
    unsafe UnsafeMutableRawPointer(state).assumingMemoryBound(to: pthread_mutex_t.self)
  }

  @inline(__always) func lock() { unsafe pthread_mutex_lock(mutex) }
  @inline(__always) func unlock() { unsafe pthread_mutex_unlock(mutex) }

  /// The entry with number `local`.
  @inline(__always)
  func entry(_ local: UInt32) -> UnsafeMutablePointer<PageEntry> {
    unsafe state.pointee.entries + Int(local) * PageIndex.stripeCount
  }

  /// The number of `entry` in this stripe.
  @inline(__always)
  func local(_ entry: UnsafeMutablePointer<PageEntry>) -> UInt32 {
    unsafe UInt32(truncatingIfNeeded: (entry - state.pointee.entries) / PageIndex.stripeCount)
  }

  // MARK: Hash table

  /// The entry of `key`, resident or filling, or nil.
  @inline(__always)
  func find(_ key: PageKey, _ hash: UInt64) -> UnsafeMutablePointer<PageEntry>? {
    let position = unsafe state.pointee.buckets.position(of: UInt32(truncatingIfNeeded: hash))
    var local = unsafe state.pointee.buckets[position]
    while local != 0 {
      let candidate = unsafe entry(local)
      if unsafe candidate.pointee.low == key.file.low && candidate.pointee.index == key.index
        && candidate.pointee.high == key.file.high
      {
        return unsafe candidate
      }
      local = unsafe candidate.pointee.chain
    }
    return nil
  }

  /// Puts `entry`, whose key is set, in the hash table.
  func insert(_ entry: UnsafeMutablePointer<PageEntry>, _ hash: UInt64) {
    let position = unsafe state.pointee.buckets.position(of: UInt32(truncatingIfNeeded: hash))
    unsafe entry.pointee.chain = state.pointee.buckets[position]
    unsafe state.pointee.buckets[position] = local(entry)
    unsafe state.pointee.indexed += 1
    let seed = unsafe state.pointee.seed
    unsafe state.pointee.buckets.grow(
      forCount: state.pointee.indexed,
      next: { unsafe self.entry($0).pointee.chain },
      setNext: { unsafe self.entry($0).pointee.chain = $1 },
      hash: { unsafe UInt32(truncatingIfNeeded: PageIndex.hash(self.entry($0), seed: seed)) })
  }

  /// Takes `entry` out of the hash table, where it is.
  func remove(_ entry: UnsafeMutablePointer<PageEntry>) {
    let hash = unsafe PageIndex.hash(entry, seed: state.pointee.seed)
    let position = unsafe state.pointee.buckets.position(of: UInt32(truncatingIfNeeded: hash))
    let number = unsafe local(entry)
    var current = unsafe state.pointee.buckets[position]
    if current == number {
      unsafe state.pointee.buckets[position] = entry.pointee.chain
    } else {
      while unsafe self.entry(current).pointee.chain != number {
        current = unsafe self.entry(current).pointee.chain
        precondition(current != 0, "an indexed entry is in its bucket's chain")
      }
      unsafe self.entry(current).pointee.chain = entry.pointee.chain
    }
    unsafe state.pointee.indexed -= 1
  }

  // MARK: Lanes

  /// Does what the policy says of a hit on `entry` at `tick`.
  @inline(__always)
  func use(_ entry: UnsafeMutablePointer<PageEntry>, _ tick: UInt64, _ policy: ChosenPolicy) {
    let lane = unsafe entry.pointee.lane
    guard lane != PageEntry.noLane else { return }
    let first = Int(lane) / policy.laneCount * policy.laneCount
    switch unsafe policy.onHit(lane: Int(lane) - first, heat: &entry.pointee.heat) {
    case .stay: return
    case .toNewest: unsafe refresh(entry, tick)
    case .toLane(let next):
      unsafe unlink(entry)
      unsafe link(entry, UInt8(first + next), tick)
    }
  }

  /// Makes `entry` the newest of its lane at `tick`, unless it is among the newest anyway.
  ///
  /// Moving a page touches its neighbours in the list, three cache misses in a large store. In a lane of 64 pages or more
  /// a page used within the newest eighth of the lane's span of time stays where it is: its age is off by at most that.
  @inline(__always)
  private func refresh(_ entry: UnsafeMutablePointer<PageEntry>, _ tick: UInt64) {
    let lane = unsafe Int(entry.pointee.lane)
    if unsafe state.pointee.lanes[lane].count >= IndexStripe.exactCount {
      let oldest = unsafe state.pointee.oldestStamps[lane * PageIndex.stripeCount]
        .load(ordering: .relaxed)
      let span = (tick &- oldest) & AccessClock.mask
      let age = unsafe (tick &- entry.pointee.stamp) & AccessClock.mask
      if age < span >> 3 { return }
    }
    unsafe touch(entry, tick)
  }

  /// Makes `entry` the newest of its lane at `tick`.
  @inline(__always)
  func touch(_ entry: UnsafeMutablePointer<PageEntry>, _ tick: UInt64) {
    let lane = unsafe entry.pointee.lane
    if unsafe state.pointee.lanes[Int(lane)].newest == local(entry) {
      unsafe entry.pointee.stamp = tick
      if unsafe entry.pointee.older == 0 { publishOldest(Int(lane)) }
      return
    }
    unsafe detach(entry)
    unsafe attach(entry, lane, tick)
  }

  /// Puts `entry`, which is in no lane, at the new end of `lane`.
  func link(_ entry: UnsafeMutablePointer<PageEntry>, _ lane: UInt8, _ tick: UInt64) {
    unsafe precondition(entry.pointee.lane == PageEntry.noLane, "an entry is in one lane")
    unsafe state.pointee.lanes[Int(lane)].count += 1
    unsafe state.pointee.lanePages[Int(lane)].add(1, ordering: .relaxed)
    unsafe attach(entry, lane, tick)
  }

  /// Entries of a lane that are looked at for an entry's place by age, from either end.
  private static let stepsByAgeMax = 128

  /// Puts `entry`, which is in no lane and was last used at `stamp`, at its place in `lane` as of `now`.
  ///
  /// In a long lane the place is found near the ends only; one in the middle becomes the oldest that was looked at from
  /// the new end.
  func link(
    _ entry: UnsafeMutablePointer<PageEntry>, _ lane: UInt8, byAge stamp: UInt64, now: UInt64
  ) {
    let age = (now &- stamp) & AccessClock.mask
    func isOlder(_ number: UInt32) -> Bool {
      unsafe (now &- self.entry(number).pointee.stamp) & AccessClock.mask >= age
    }
    var (older, newer) = unsafe (state.pointee.lanes[Int(lane)].newest, UInt32(0))
    var steps = 0
    while older != 0, !isOlder(older), steps < IndexStripe.stepsByAgeMax {
      (newer, older) = unsafe (older, self.entry(older).pointee.older)
      steps += 1
    }
    if older != 0, !isOlder(older) {
      var (last, next) = unsafe (UInt32(0), state.pointee.lanes[Int(lane)].oldest)
      steps = 0
      while next != 0, isOlder(next), steps < IndexStripe.stepsByAgeMax {
        (last, next) = unsafe (next, self.entry(next).pointee.newer)
        steps += 1
      }
      // Found from the old end; else it stays where the search from the new end gave up.
      if next != 0, !isOlder(next) { (older, newer) = (last, next) }
    }
    // Between two whose ages do not fit its own it takes that of the older one: a lane is in the order of stamps.
    let isFitting = older == 0 || isOlder(older)
    unsafe insert(
      entry, lane, after: older, before: newer,
      isFitting ? stamp : self.entry(older).pointee.stamp)
  }

  /// Puts `entry` between two neighbours of `lane`, 0 for none.
  private func insert(
    _ entry: UnsafeMutablePointer<PageEntry>, _ lane: UInt8, after older: UInt32,
    before newer: UInt32, _ stamp: UInt64
  ) {
    unsafe precondition(entry.pointee.lane == PageEntry.noLane, "an entry is in one lane")
    let number = unsafe local(entry)
    unsafe state.pointee.lanes[Int(lane)].count += 1
    unsafe state.pointee.lanePages[Int(lane)].add(1, ordering: .relaxed)
    unsafe entry.pointee.lane = lane
    unsafe entry.pointee.older = older
    unsafe entry.pointee.newer = newer
    unsafe entry.pointee.stamp = stamp
    if newer != 0 {
      unsafe self.entry(newer).pointee.older = number
    } else {
      unsafe state.pointee.lanes[Int(lane)].newest = number
    }
    if older != 0 {
      unsafe self.entry(older).pointee.newer = number
    } else {
      unsafe state.pointee.lanes[Int(lane)].oldest = number
      publishOldest(Int(lane))
    }
  }

  /// Takes `entry` out of its lane, if it is in one.
  func unlink(_ entry: UnsafeMutablePointer<PageEntry>) {
    let lane = unsafe entry.pointee.lane
    guard lane != PageEntry.noLane else { return }
    unsafe state.pointee.lanes[Int(lane)].count -= 1
    unsafe state.pointee.lanePages[Int(lane)].subtract(1, ordering: .relaxed)
    unsafe detach(entry)
    unsafe entry.pointee.lane = PageEntry.noLane
  }

  @inline(__always)
  private func attach(_ entry: UnsafeMutablePointer<PageEntry>, _ lane: UInt8, _ tick: UInt64) {
    let number = unsafe local(entry)
    let former = unsafe state.pointee.lanes[Int(lane)].newest
    unsafe entry.pointee.lane = lane
    unsafe entry.pointee.older = former
    unsafe entry.pointee.newer = 0
    unsafe entry.pointee.stamp = tick
    unsafe state.pointee.lanes[Int(lane)].newest = number
    if former != 0 {
      unsafe self.entry(former).pointee.newer = number
    } else {
      unsafe state.pointee.lanes[Int(lane)].oldest = number
      publishOldest(Int(lane))
    }
  }

  @inline(__always)
  private func detach(_ entry: UnsafeMutablePointer<PageEntry>) {
    let lane = unsafe Int(entry.pointee.lane)
    let (older, newer) = unsafe (entry.pointee.older, entry.pointee.newer)
    if newer != 0 {
      unsafe self.entry(newer).pointee.older = older
    } else {
      unsafe state.pointee.lanes[lane].newest = older
    }
    if older != 0 {
      unsafe self.entry(older).pointee.newer = newer
    } else {
      unsafe state.pointee.lanes[lane].oldest = newer
      publishOldest(lane)
    }
  }

  /// The entry of `lane` that leaves next, or nil.
  func oldest(_ lane: Int) -> UnsafeMutablePointer<PageEntry>? {
    let number = unsafe state.pointee.lanes[lane].oldest
    return number == 0 ? nil : unsafe entry(number)
  }

  @inline(__always)
  private func publishOldest(_ lane: Int) {
    let number = unsafe state.pointee.lanes[lane].oldest
    let stamp = number == 0 ? IndexStripe.noStamp : unsafe entry(number).pointee.stamp
    unsafe state.pointee.oldestStamps[lane * PageIndex.stripeCount]
      .store(stamp, ordering: .relaxed)
  }

  /// Puts the entries of `lane` in the order of their stamps and dates them to `tick`, after they came in any order.
  func sort(_ lane: Int, _ tick: UInt64) {
    var entries: [UnsafeMutablePointer<PageEntry>] = unsafe []
    while let entry = unsafe oldest(lane) {
      unsafe unlink(entry)
      unsafe entries.append(entry)
    }
    unsafe entries.sort { unsafe $0.pointee.stamp < $1.pointee.stamp }
    unsafe entries.forEach { unsafe link($0, UInt8(lane), tick) }
  }

  // MARK: Pool

  /// A free entry, or nil when the stripe's pool is used up.
  func take() -> UnsafeMutablePointer<PageEntry>? {
    let recycled = unsafe state.pointee.free
    if recycled != 0 {
      let taken = unsafe entry(recycled)
      unsafe state.pointee.free = taken.pointee.chain
      unsafe taken.pointee.lane = PageEntry.noLane
      return unsafe taken
    }
    guard unsafe state.pointee.fresh < state.pointee.capacity else { return nil }
    defer { unsafe state.pointee.fresh += 1 }
    let taken = unsafe entry(state.pointee.fresh)
    unsafe taken.pointee.lane = PageEntry.noLane
    return unsafe taken
  }

  /// Gives `entry`, which is in no table and no list, back; its generation moves on.
  func giveBack(_ entry: UnsafeMutablePointer<PageEntry>) {
    let generation = unsafe entry.pointee.current.generation &+ 1
    unsafe entry.pointee.word.store(
      PageWord(freeWithGeneration: generation).raw, ordering: .relaxed)
    unsafe entry.pointee.unit = PageEntry.noUnit
    unsafe entry.pointee.flags = []
    unsafe entry.pointee.chain = state.pointee.free
    unsafe state.pointee.free = local(entry)
  }
}
