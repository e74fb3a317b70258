// The store's figures, summed over stripes and volumes when read.

import Synchronization

/// A snapshot of a store's gauges and counters; gauges of different stripes may be a few operations apart.
package struct PageStoreStatistics: Sendable, Equatable {
  /// Most bytes the store may use.
  package var capacity = 0
  /// Bytes in use in units of 4096: resident, filling and doomed pages.
  ///
  /// Never above `capacity`.
  package var used = 0
  /// Bytes of memory made resident, and of disks that were opened.
  package var committed = 0
  /// Resident pages, and their bytes.
  package var pages = 0
  package var pageBytes = 0
  /// Files with a page or a fill.
  package var files = 0
  /// Fills under way.
  package var filling = 0
  /// Pages that left but are still held, and their bytes.
  package var doomedPages = 0
  package var doomedBytes = 0
  /// Look-ups that found their page, and that did not.
  package var hits: UInt64 = 0
  package var misses: UInt64 = 0
  /// Fills begun, fills that failed or were abandoned, and waits for another's fill.
  package var fills: UInt64 = 0
  package var failures: UInt64 = 0
  package var joins: UInt64 = 0
  /// Fills turned away.
  package var rejections: UInt64 = 0
  /// Pages evicted to make room, and their bytes.
  package var evictions: UInt64 = 0
  package var evictedBytes: UInt64 = 0
  /// Pages dropped by name.
  package var drops: UInt64 = 0
  /// Pages of which the last copy left, for whatever reason: evicted, dropped, rotten, or on a disk that was lost.
  package var departures: UInt64 = 0
  /// Pages in memory that are to be written to disk.
  package var unsaved = 0
  /// Hits that were served from disk; `hits` has them too.
  package var storedHits = 0
  /// Pages written from memory to disk, and their bytes; pages that no disk took.
  package var saved = 0
  package var savedBytes = 0
  package var unsavable = 0
  /// Pages brought from disk to memory, and their bytes.
  package var promoted = 0
  package var promotedBytes = 0
  /// Pages moved from a disk tier to the one below, and their bytes.
  package var demoted = 0
  package var demotedBytes = 0
  /// Pages on disk whose bytes did not match their checksum, and that could not be read: each was a miss.
  package var corrupt = 0
  package var unreadable = 0
}

/// What one volume holds.
package struct VolumeUsage: Sendable, Equatable {
  /// What operators call it, a directory; empty for memory.
  package var name: String
  /// Its health; nil for memory.
  package var state: VolumeState?
  /// Why it is in its state; empty when it is healthy.
  package var reason: String
  /// Its tier.
  package var tier: Tier
  /// The NUMA node it is near to.
  package var node: Int
  /// Most bytes it may use.
  package var quota: Int
  /// Bytes in use.
  package var used: Int
  /// Pages, those with a copy in memory too included.
  package var pages: Int
  /// Bytes that are not used again, since rot was found there; `used` has them too.
  package var quarantined: Int
  /// True while pages may be put there.
  package var acceptsPages: Bool
}

extension PageStore {
  /// The store's figures now.
  ///
  /// O(stripes): 256 short locks.
  package var statistics: PageStoreStatistics {
    var sum = PageStoreStatistics()
    for volume in core.volumes {
      sum.capacity += volume.quota
      sum.used += volume.used
      sum.committed += volume.ready
    }
    sum.files = core.files.count
    add(core.tasks, to: &sum)
    for number in 0..<PageIndex.stripeCount { add(core.index.stripe(number), to: &sum) }
    return sum
  }

  /// Most bytes the store may use.
  package var capacity: Int { core.volumes.reduce(0) { $0 + $1.quota } }

  /// Bytes in use, filling and doomed pages included.
  package var used: Int { core.used }

  /// What each volume holds: the arenas of memory, then the disks in the order of their tiers.
  package var volumes: [VolumeUsage] {
    core.volumes.enumerated().map { number, volume in
      let disk = volume as? DiskVolume
      return VolumeUsage(
        name: disk?.name ?? "", state: disk?.health.state,
        reason: disk?.health.reason ?? "", tier: volume.tier, node: volume.node,
        quota: volume.quota, used: volume.used, pages: core.tasks.copies[number],
        quarantined: disk?.quarantinedBytes ?? 0, acceptsPages: volume.acceptsPages)
    }
  }

  private func add(_ tasks: StoreTasks, to sum: inout PageStoreStatistics) {
    let counters = tasks.counters
    sum.unsaved = max(0, tasks.unsavedCount.load(ordering: .relaxed))
    sum.storedHits = counters.storedHits.load(ordering: .relaxed)
    sum.saved = counters.saved.load(ordering: .relaxed)
    sum.savedBytes = counters.savedBytes.load(ordering: .relaxed)
    sum.unsavable = counters.unsavable.load(ordering: .relaxed)
    sum.promoted = counters.promoted.load(ordering: .relaxed)
    sum.promotedBytes = counters.promotedBytes.load(ordering: .relaxed)
    sum.demoted = counters.demoted.load(ordering: .relaxed)
    sum.demotedBytes = counters.demotedBytes.load(ordering: .relaxed)
    sum.corrupt = counters.corrupt.load(ordering: .relaxed)
    sum.unreadable = counters.unreadable.load(ordering: .relaxed)
  }

  private func add(_ stripe: IndexStripe, to sum: inout PageStoreStatistics) {
    stripe.lock()
    let (hits, misses) = unsafe (stripe.state.pointee.hits, stripe.state.pointee.misses)
    let counters = unsafe stripe.state.pointee.counters
    stripe.unlock()
    sum.hits &+= hits
    sum.misses &+= misses
    sum.pages += Int(counters.resident)
    sum.pageBytes += Int(counters.residentBytes)
    sum.filling += Int(counters.filling)
    sum.doomedPages += Int(counters.doomed)
    sum.doomedBytes += Int(counters.doomedBytes)
    sum.fills &+= counters.fills
    sum.failures &+= counters.failures
    sum.joins &+= counters.joins
    sum.rejections &+= counters.rejections
    sum.evictions &+= counters.evictions
    sum.evictedBytes &+= counters.evictedBytes
    sum.drops &+= counters.drops
    sum.departures &+= counters.departures
  }
}
