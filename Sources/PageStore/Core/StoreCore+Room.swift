// Making room: which page leaves, how much leaves with it, and how hard one fill tries.
//
// The victim is the page unused the longest in the whole store: each stripe keeps its own order and publishes the stamp
// of its oldest page, and the search compares 256 stamps without a lock. A page that someone holds counts as used now
// and goes to the new end of its list, so that it is met once, not at every search.
//
// A full page needs a whole block: the victim's neighbours in its block leave with it, unless held. So does a small page
// when the victim's own units do not make its run: one block gives room to the next dozens of small pages, while picking
// single pages all over the store would empty it before a run comes together.

import Model
import Synchronization

extension StoreCore {
  /// Blocks one fill frees at most; beyond that it is turned away and the caller passes through.
  private static let evictionsPerFillMax = 64
  /// Held pages one fill steps over at most.
  private static let stepsPerFillMax = 4096

  /// What one attempt to evict the oldest page did.
  private enum Eviction {
    /// There is no resident page.
    case nothing
    /// The page was held, or gone before its stripe was locked.
    case skipped
    /// A page left its units at `unit`.
    case freed(unit: UInt32, bytes: Int)
  }

  /// Takes `count` units for `slot`, on the volumes of `node` first, evicting when there is no room; nil when none can be made.
  func makeRoom(_ count: Int, for slot: UInt32, near node: Int, tick: UInt64) -> UInt32? {
    if let unit = take(count, for: slot, near: node) { return unit }
    var steps = 0
    var evictions = 0
    let stepsMax = min(StoreCore.stepsPerFillMax, entryCount + PageIndex.stripeCount)
    while steps < stepsMax, evictions < StoreCore.evictionsPerFillMax {
      steps += 1
      switch evictOldest(tick) {
      case .nothing: return take(count, for: slot, near: node)
      case .skipped: continue
      case .freed(let unit, _):
        evictions += 1
        if let unit = take(count, for: slot, near: node) { return unit }
        evictNeighbours(of: unit)
        if let unit = take(count, for: slot, near: node) { return unit }
      }
    }
    return nil
  }

  /// Evicts the pages unused the longest until at most `target` bytes are used or `limit` pages are gone; returns bytes freed.
  func evict(toUsed target: Int, limit: Int, tick: UInt64) -> Int {
    var freed = 0
    var (steps, evictions) = (0, 0)
    let stepsMax = min(limit * 2, entryCount) + PageIndex.stripeCount
    while used > target, evictions < limit, steps < stepsMax {
      steps += 1
      switch evictOldest(tick) {
      case .nothing: return freed
      case .skipped: continue
      case .freed(_, let bytes):
        evictions += 1
        freed += bytes
      }
    }
    return freed
  }

  /// Bytes in use on all volumes.
  var used: Int { volumes.reduce(0) { $0 + $1.used } }

  private func take(_ count: Int, for slot: UInt32, near node: Int) -> UInt32? {
    for volume in volumes where volume.node == node {
      if let unit = volume.take(count, for: slot) { return unit }
    }
    for volume in volumes where volume.node != node {
      if let unit = volume.take(count, for: slot) { return unit }
    }
    return nil
  }

  private func evictOldest(_ tick: UInt64) -> Eviction {
    let start = hand.load(ordering: .relaxed)
    guard let number = index.oldestStripe(now: tick, from: start) else { return .nothing }
    hand.store(number &+ 1, ordering: .relaxed)
    let stripe = index.stripe(number)
    stripe.lock()
    guard let entry = unsafe stripe.oldest else {
      stripe.unlock()
      return .skipped
    }
    guard unsafe entry.pointee.current.pins == 0 else {
      unsafe stripe.touch(entry, tick)
      stripe.unlock()
      return .skipped
    }
    return unsafe evict(entry, in: stripe)
  }

  /// Evicts an idle page and releases the stripe's lock.
  private func evict(_ entry: UnsafeMutablePointer<PageEntry>, in stripe: IndexStripe) -> Eviction {
    let (unit, length) = unsafe (entry.pointee.unit, entry.pointee.current.length)
    unsafe stripe.state.pointee.counters.evictions += 1
    unsafe stripe.state.pointee.counters.evictedBytes += UInt64(length)
    let isBack = unsafe doom(entry, in: stripe)
    precondition(isBack, "nobody can pin a page while its stripe is locked")
    stripe.unlock()
    releaseHolder()
    return .freed(unit: unit, bytes: unitCount(length) * RunAllocator.unitSize)
  }

  /// Evicts the idle small pages in the block of `unit`.
  private func evictNeighbours(of unit: UInt32) {
    let volume = volume(of: unit)
    let unitsPerBlock = pageSize / RunAllocator.unitSize
    let first = volume.units.lowerBound
    let block = Int(unit - first) / unitsPerBlock
    unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: unitsPerBlock) { buffer in
      let count = unsafe volume.slots(besides: unit, into: buffer)
      for position in 0..<count {
        let entry = unsafe index.entry(at: buffer[position])
        let stripe = unsafe index.stripe(of: entry)
        stripe.lock()
        let word = unsafe entry.pointee.current
        // The slot may have another page by now: only an idle page that still lies in this block leaves.
        if word.isResident, word.pins == 0, unsafe volume.units.contains(entry.pointee.unit),
          unsafe Int(entry.pointee.unit - first) / unitsPerBlock == block
        {
          _ = unsafe evict(entry, in: stripe)
        } else {
          stripe.unlock()
        }
      }
    }
  }
}
