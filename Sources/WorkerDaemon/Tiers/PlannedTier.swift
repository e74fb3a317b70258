// The volumes of one medium, whichever keys named them.

package import PageStore

/// A tier as it was configured.
package struct PlannedTier: Sendable, Equatable {
  /// Shares of the tier's capacity between which pages leave in the background.
  package struct Watermarks: Sendable, Equatable {
    /// Share at which eviction begins, at most 1.
    package var high: Double
    /// Share at which it ends, above 0 and at most `high`.
    package var low: Double

    /// Watermarks of their shares.
    package init(high: Double, low: Double) {
      self.high = high
      self.low = low
    }
  }

  /// The medium.
  package var tier: Tier
  /// Its volumes in the order of the configuration; never empty.
  package var volumes: [PlannedVolume]
  /// Where background eviction begins and ends; nil when pages leave only for others.
  package var watermarks: Watermarks?

  /// Bytes of all its volumes; a sum beyond int64 counts as the largest int64.
  package var quota: Int64 { volumes.reduce(0) { TierPlan.sum($0, $1.quota) } }
}
