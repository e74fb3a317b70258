// One lock's part of the index: a hash table, an LRU list and a pool of entries, all of flat memory.
//
//   State (256 bytes, one per stripe)      entries (48 B each, 256 apart; number 0 is never used)
//   | mutex | buckets | newest, oldest | → | 1 | 2 | 3 | …  chained by hash, by LRU, or by the free list
//   | hits, misses | colder counters   |
//
// Lock order: a stripe's lock, then a file stripe's or a volume's. Never two stripes at once (but in checkInvariants,
// which takes all of them in order).

import Glibc
import Model
import Synchronization

/// A stripe of the index; every member but `lock` is called with the lock held.
@safe struct IndexStripe {
  /// What a stripe keeps; `mutex` is first.
  @safe struct State {
    var mutex: pthread_mutex_t
    let entries: UnsafeMutablePointer<PageEntry>
    /// The oldest entry's stamp, readable without the lock; `noStamp` when the list is empty.
    let oldestStamp: UnsafeMutablePointer<Atomic<UInt64>>
    var buckets: LinearBuckets
    var newest: UInt32 = 0
    var oldest: UInt32 = 0
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

  /// The stamp of an empty LRU list.
  static let noStamp = UInt64.max
  /// Pages from which on a stripe's order is exact only to an eighth of its span.
  static let exactCount: UInt32 = 64
  /// Bytes from one stripe's state to the next: no two stripes share a cache line, nor a pair of them.
  static let stride = 256

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

  // MARK: LRU list

  /// Counts a use of `entry` at `tick`: it becomes the newest, unless it is among the newest anyway.
  ///
  /// Moving a page touches its neighbours in the list, three cache misses in a large store. In a stripe of 64 pages or more
  /// a page used within the newest eighth of the stripe's span of time stays where it is: its age is off by at most that.
  @inline(__always)
  func use(_ entry: UnsafeMutablePointer<PageEntry>, _ tick: UInt64) {
    if unsafe state.pointee.indexed >= IndexStripe.exactCount {
      let oldest = unsafe state.pointee.oldestStamp.pointee.load(ordering: .relaxed)
      let span = (tick &- oldest) & AccessClock.mask
      let age = unsafe (tick &- entry.pointee.stamp) & AccessClock.mask
      if age < span >> 3 { return }
    }
    unsafe touch(entry, tick)
  }

  /// Makes `entry` the newest at `tick`; it is in the list.
  @inline(__always)
  func touch(_ entry: UnsafeMutablePointer<PageEntry>, _ tick: UInt64) {
    if unsafe state.pointee.newest == local(entry) {
      unsafe entry.pointee.stamp = tick
      if unsafe entry.pointee.older == 0 { publishOldest() }
      return
    }
    unsafe unlink(entry)
    unsafe link(entry, tick)
  }

  /// Puts `entry` at the new end of the list.
  @inline(__always)
  func link(_ entry: UnsafeMutablePointer<PageEntry>, _ tick: UInt64) {
    let number = unsafe local(entry)
    let former = unsafe state.pointee.newest
    unsafe entry.pointee.older = former
    unsafe entry.pointee.newer = 0
    unsafe entry.pointee.stamp = tick
    unsafe state.pointee.newest = number
    if former != 0 {
      unsafe self.entry(former).pointee.newer = number
    } else {
      unsafe state.pointee.oldest = number
      publishOldest()
    }
  }

  /// Takes `entry` out of the list.
  @inline(__always)
  func unlink(_ entry: UnsafeMutablePointer<PageEntry>) {
    let (older, newer) = unsafe (entry.pointee.older, entry.pointee.newer)
    if newer != 0 {
      unsafe self.entry(newer).pointee.older = older
    } else {
      unsafe state.pointee.newest = older
    }
    if older != 0 {
      unsafe self.entry(older).pointee.newer = newer
    } else {
      unsafe state.pointee.oldest = newer
      publishOldest()
    }
  }

  /// The least recently used entry, or nil.
  var oldest: UnsafeMutablePointer<PageEntry>? {
    let number = unsafe state.pointee.oldest
    return number == 0 ? nil : unsafe entry(number)
  }

  @inline(__always)
  private func publishOldest() {
    let number = unsafe state.pointee.oldest
    let stamp = number == 0 ? IndexStripe.noStamp : unsafe entry(number).pointee.stamp
    unsafe state.pointee.oldestStamp.pointee.store(stamp, ordering: .relaxed)
  }

  // MARK: Pool

  /// A free entry, or nil when the stripe's pool is used up.
  func take() -> UnsafeMutablePointer<PageEntry>? {
    let recycled = unsafe state.pointee.free
    if recycled != 0 {
      let taken = unsafe entry(recycled)
      unsafe state.pointee.free = taken.pointee.chain
      return unsafe taken
    }
    guard unsafe state.pointee.fresh < state.pointee.capacity else { return nil }
    defer { unsafe state.pointee.fresh += 1 }
    return unsafe entry(state.pointee.fresh)
  }

  /// Gives `entry`, which is in no table and no list, back; its generation moves on.
  func giveBack(_ entry: UnsafeMutablePointer<PageEntry>) {
    let generation = unsafe entry.pointee.current.generation &+ 1
    unsafe entry.pointee.word.store(
      PageWord(freeWithGeneration: generation).raw, ordering: .relaxed)
    unsafe entry.pointee.unit = PageEntry.noUnit
    unsafe entry.pointee.chain = state.pointee.free
    unsafe state.pointee.free = local(entry)
  }
}
