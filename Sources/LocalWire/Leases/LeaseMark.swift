// The name of a lease in its connection.

/// A slot of the lease table and the generation that makes it one lease.
package struct LeaseMark: Sendable, Hashable {
  /// Bytes of a mark in a frame.
  package static let size = 8

  /// The place in the table, 0-based.
  package let slot: UInt32
  /// Which lease of the slot; never 0 in one that was given.
  package let generation: UInt32

  /// A mark of its parts.
  package init(slot: UInt32, generation: UInt32) {
    self.slot = slot
    self.generation = generation
  }
}

extension LeaseMark {
  /// Most marks of one frame: as many as a table has slots.
  package static let countMax = 65_536
}
