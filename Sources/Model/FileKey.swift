// The number of a file version, as pages carry it.

/// A file at one version, folded to 128 bits.
package struct FileKey: Hashable, Sendable {
  /// Most significant half.
  package let high: UInt64
  /// Least significant half.
  package let low: UInt64

  /// A key from its halves.
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(high ^ low) }
}
