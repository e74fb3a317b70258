// What a worker may take of memory besides its pages. Measured parts are rounded up; the others are bounds that are kept:
//
//   the daemon     code, rings, connections at rest, the small databases              96 MiB
//   statuses       records of files, with their paths                                 768 B each
//   reads          what a request to a store holds: its task and a block              64 KiB each
//   listings       what the cache of listings may hold
//   buffers        reads past the cache, and from disks, on every ring
//   volumes        the checksums of large pages of each

import Model

extension WorkerSettings {
  private static let daemonSize: Int64 = 96 << 20
  private static let recordSize: Int64 = 768
  private static let readSize: Int64 = 64 << 10

  /// Bytes of memory that the worker takes besides pages, their index and the catalog's cache, at most.
  package var overhead: Int64 {
    let rings = Int64(ringCount)
    let hasDisks = !tiers.disks.isEmpty
    let parts = [
      Self.daemonSize,
      Int64(read.recordCountMax).clampedProduct(Self.recordSize),
      Int64(loadOperationsMax).clampedProduct(Self.readSize),
      Int64(clamping: read.listingBytesMax),
      rings.clampedProduct(Int64(read.passThroughBytesPerRing)),
      hasDisks ? rings.clampedProduct(Int64(read.storedBytesPerRing)) : 0,
      Int64(tiers.disks.count).clampedProduct(checksumCacheSize),
    ]
    return parts.reduce(0) { TierPlan.sum($0, $1) }
  }
}

extension Int64 {
  /// The product of two that are not negative, which stops at the largest int64.
  fileprivate func clampedProduct(_ other: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
