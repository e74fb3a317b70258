// The seam between the store and its media: a volume has space, on one NUMA node, in one tier, under one quota. The store
// decides which page goes where and which leaves; a volume only knows runs of units and the slots that have them.

/// A place of one tier that takes pages up to a quota.
///
/// All methods may be called from any thread with a stripe's lock held or not, and never take one.
protocol Volume: AnyObject, Sendable {
  /// The tier the volume belongs to.
  var tier: Tier { get }
  /// The NUMA node it is near to.
  var node: Int { get }
  /// Units of 4 KiB it has; their numbers begin at 0.
  var unitCount: UInt32 { get }
  /// Most bytes it may use.
  var quota: Int { get }
  /// Bytes in use, filling, moving and doomed pages included; never above `quota`.
  var used: Int { get }
  /// Bytes in use that no eviction gives back, since their place is bad.
  var retired: Int { get }
  /// Bytes that could be used without asking the medium for more.
  var ready: Int { get }
  /// False while no page may be put here.
  var acceptsPages: Bool { get }

  /// Units that a page of `length` bytes takes here.
  func unitCount(_ length: Int) -> Int

  /// Takes a run of `count` units for the page at `slot`, asking the medium for more space within the quota when none fits.
  ///
  /// Returns its first unit, or nil when something must leave first. May block while memory is made resident.
  func take(_ count: Int, for slot: UInt32) -> UInt32?

  /// Gives back the run of `count` units at `unit`.
  func giveBack(_ unit: UInt32, _ count: Int, of slot: UInt32)

  /// Writes the slots of the small pages in the block of `unit` to `buffer` and returns how many.
  func slots(besides unit: UInt32, into buffer: UnsafeMutableBufferPointer<UInt32>) -> Int

  /// The block that `unit` lies in.
  func block(of unit: UInt32) -> Int

  /// Gets space from the medium until `count` more bytes are free, as far as the quota allows; for a background thread.
  ///
  /// Returns false when the medium refused.
  func prepare(_ count: Int) -> Bool

  /// Counts what the volume's space holds; for checks, O(units).
  func summarize() -> RunAllocator.Summary
}

extension Volume {
  var retired: Int { 0 }
}
