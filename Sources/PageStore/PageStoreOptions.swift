// How a page store behaves; what it stands on (arenas, disks) is given beside.

import Glibc

/// Settings of a page store.
package struct PageStoreOptions: Sendable {
  /// When a page read from disk is compared with its checksum.
  package enum Verification: String, Sendable, CaseIterable {
    /// At each read, the bytes that are read.
    case always
    /// At the first read since it was written or found at start, the whole page.
    case firstTouch = "first-touch"
    /// Never.
    case off
  }

  /// Shares of a tier between which pages leave in the background.
  package struct Watermarks: Sendable, Equatable {
    /// Share of the quota from which on pages leave.
    package var high: Double
    /// Share of the quota at which they stop.
    package var low: Double

    /// Watermarks with 0 < `low` ≤ `high` ≤ 1.
    package init(high: Double, low: Double) {
      precondition(low > 0 && low <= high && high <= 1, "watermarks are in order")
      self.high = high
      self.low = low
    }
  }

  /// Bytes of a full page: a power of two from 64 KiB to 16 MiB.
  package var pageSize = 1 << 20
  /// Varies the hash; nil takes a random one.
  package var seed: UInt64?
  /// Which page leaves next.
  package var policy = EvictionPolicyKind.lru
  /// Base of the logarithm by which LFU classes its counts, at least 1.
  package var lfuLogBase = 2.0
  /// When pages on disk are verified.
  package var verification = Verification.always
  /// Watermarks by tier; a tier without any makes room when a page comes.
  package var watermarks: [Tier: Watermarks] = [:]
  /// Hits on disk from which on a page is promoted to memory; 0 promotes none.
  package var promotionHits = 2
  /// Bytes promoted each second at most.
  package var promotionBandwidth = 256 << 20
  /// Bytes that a disk tier hands down each second at most; 0 for no limit.
  package var demotionBandwidth = 0
  /// Bytes read each second to verify pages in the background; 0 verifies none.
  package var scrubBandwidth = 0
  /// Monotonic time in nanoseconds: CLOCK_MONOTONIC, or a test's.
  package var clock: @Sendable () -> UInt64 = { AccessClock.nanoseconds }
  /// Seconds since 1970.
  package var wallClock: @Sendable () -> UInt32 = { UInt32(clamping: time(nil)) }

  /// The defaults.
  package init() {}
}
