// Some entries of a listing.

/// A batch of entries and the place after it.
package struct UFSListingBatch: Sendable {
  /// The entries, in the listing's order; may be empty when all that was found is left out.
  package var entries: [UFSEntry]
  /// Things left out of this batch: names that are not UTF-8, special files, links that lead nowhere or out of the mount.
  package var leftOutCount: Int
  /// The place after the last entry; nil where this listing cannot be resumed.
  package var cursor: UFSCursor?

  /// A batch of its parts.
  package init(entries: [UFSEntry], leftOutCount: Int, cursor: UFSCursor?) {
    self.entries = entries
    self.leftOutCount = leftOutCount
    self.cursor = cursor
  }
}
