// The store's figures, summed over stripes and volumes when read.

/// A snapshot of a store's gauges and counters; gauges of different stripes may be a few operations apart.
package struct PageStoreStatistics: Sendable, Equatable {
  /// Most bytes the store may use.
  package var capacity = 0
  /// Bytes in use in units of 4096: resident, filling and doomed pages.
  ///
  /// Never above `capacity`.
  package var used = 0
  /// Bytes of memory made resident so far.
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
    for number in 0..<PageIndex.stripeCount { add(core.index.stripe(number), to: &sum) }
    return sum
  }

  /// Most bytes the store may use.
  package var capacity: Int { core.volumes.reduce(0) { $0 + $1.quota } }

  /// Bytes in use, filling and doomed pages included.
  package var used: Int { core.used }

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
  }
}
