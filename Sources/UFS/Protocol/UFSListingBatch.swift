// Some entries of a listing.

/// A batch of entries and the place after it.
package struct UFSListingBatch: Sendable {
  /// The entries, in the listing's order; may be empty when all that was found is left out.
  package var entries: [UFSEntry]
  /// Things left out of this batch: names that are not UTF-8, special files, links that lead nowhere or out of the mount.
  package var leftOutCount: Int
  /// Those of them that can be named.
  package private(set) var leftOut: [UFSLeftOut] = []
  /// The place after the last entry; nil where this listing cannot be resumed.
  package var cursor: UFSCursor?
  /// Directories of a walk that the UFS refused, with all below them; see `UFSListing.passesRefusals`.
  package var refusals: [UFSError] = []

  /// A batch of its parts.
  package init(entries: [UFSEntry], leftOutCount: Int, cursor: UFSCursor?) {
    self.entries = entries
    self.leftOutCount = leftOutCount
    self.cursor = cursor
  }

  /// Names of a batch at most; further ones are only counted.
  private static let leftOutMax = 10_000

  /// Leaves something out, by its name.
  package mutating func leave(out thing: UFSLeftOut) {
    leftOutCount += 1
    if leftOut.count < Self.leftOutMax { leftOut.append(thing) }
  }

  /// Leaves out what another batch left out.
  package mutating func leaveOut(asIn other: UFSListingBatch) {
    leftOutCount += other.leftOutCount
    leftOut += other.leftOut.prefix(max(0, Self.leftOutMax - leftOut.count))
  }
}
