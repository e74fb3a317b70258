// How pages are checked, moved and evicted, whatever the tiers.

/// Policies and rates of the store.
package struct TierUpkeep: Sendable, Equatable {
  /// Name of the eviction policy: LRU, LFU, FIFO or S3FIFO.
  package var policy: String
  /// Base of the logarithm by which LFU classes its counts.
  package var lfuLogBase: Double
  /// When pages on disk are compared with their checksums: always, first-touch or off.
  package var verify: String
  /// Bytes a second that the scrubber may read; 0 turns it off.
  package var scrubBandwidth: Int64
  /// Bytes a second that may be promoted.
  package var promoteBandwidth: Int64
  /// Bytes a second that a disk tier may hand down; 0 for no limit.
  package var demoteBandwidth: Int64
  /// Whether the worker is ready only while every configured volume is there.
  package var requiresTiers: Bool
}
