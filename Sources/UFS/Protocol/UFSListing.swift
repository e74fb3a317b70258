// How to list.

/// Options of a listing.
package struct UFSListing: Sendable, Hashable {
  /// The order of entries.
  package enum Order: Sendable, Hashable {
    /// As the UFS has them; cheapest.
    case unsorted
    /// By the UTF-8 bytes of the path, a directory's taken with a slash at its end (the order of S3 keys).
    case sorted
  }

  /// The order of entries.
  package var order: Order
  /// Where to go on: the cursor of an earlier batch of the same directory in the same order.
  package var cursor: UFSCursor?
  /// Who waits for what is listed.
  package var purpose: UFSPurpose
  /// Whose requests these are where they wait for their turn, as `UFSReader.takeTurns`; nil for those of the directory.
  package var turns: UInt64?
  /// Whether a walk goes on beside directories below its start that the UFS refuses, and tells them with its batches.
  ///
  /// Where it is not set the first of them ends the walk.
  package var passesRefusals = false

  /// Options of their parts.
  package init(
    order: Order = .unsorted, after cursor: UFSCursor? = nil, for purpose: UFSPurpose = .demand,
    turns: UInt64? = nil
  ) {
    self.order = order
    self.cursor = cursor
    self.purpose = purpose
    self.turns = turns
  }
}
