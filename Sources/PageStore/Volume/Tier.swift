// The kinds of media that pages lie on, fastest first.

/// A tier of the store.
package enum Tier: UInt8, Sendable, Comparable {
  /// Memory of an arena.
  case mem = 0
  /// Solid-state disk.
  case ssd = 1
  /// Rotating disk.
  case hdd = 2

  package static func < (left: Tier, right: Tier) -> Bool { left.rawValue < right.rawValue }
}
