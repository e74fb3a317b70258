// A directory's listing in memory, and listers that give it out.

import Model
import UFS

/// All entries of a directory, as the UFS gave them.
final class CachedListing: Sendable {
  /// Full UFS path of the directory.
  let path: String
  let entries: [UFSEntry]
  /// Things that the listing left out.
  let leftOutCount: Int
  /// Monotonic nanoseconds when the UFS was asked, and for how long it is believed.
  let askedAt: UInt64
  let validity: UInt64
  /// State of the rules that said so.
  let generation: UInt64
  /// Bytes it takes in memory, about.
  let size: Int

  /// A listing of its parts; `size` is that of its entries.
  init(
    path: String, entries: [UFSEntry], leftOutCount: Int, askedAt: UInt64, validity: UInt64,
    generation: UInt64, size: Int
  ) {
    self.path = path
    self.entries = entries
    self.leftOutCount = leftOutCount
    self.askedAt = askedAt
    self.validity = validity
    self.generation = generation
    self.size = size + path.utf8.count + 128
  }

  /// Whether it may be used at `now` under the rules of `generation`.
  func isFresh(now: UInt64, generation: UInt64) -> Bool {
    self.generation == generation && (now < askedAt || now - askedAt < validity)
  }

  /// Bytes that `entry` takes in memory, about.
  static func size(of entry: UFSEntry) -> Int {
    // Strings of up to 15 bytes lie in the entry itself; longer ones have a header of 32.
    func text(_ string: String) -> Int { string.utf8.count > 15 ? string.utf8.count + 32 : 0 }
    let status = entry.status
    return MemoryLayout<UFSEntry>.stride + text(entry.name) + text(entry.path)
      + text(status.ufsPath) + text(status.owner) + text(status.group)
      + text(status.version?.token ?? "")
  }
}

/// Gives out entries from memory, and then those of a listing that goes on, if it does.
final class ReplayedLister: UFSLister {
  private let entries: [UFSEntry]
  private var position = 0
  private var leftOutCount: Int
  private let rest: (any UFSLister)?

  /// A lister over `listing`.
  init(_ listing: CachedListing) {
    entries = listing.entries
    leftOutCount = listing.leftOutCount
    rest = nil
  }

  /// A lister over what was read of `rest`, and the rest of it.
  init(_ entries: [UFSEntry], leftOutCount: Int, then rest: any UFSLister) {
    self.entries = entries
    self.leftOutCount = leftOutCount
    self.rest = rest
  }

  func next(max: Int) async throws(UFSError) -> UFSListingBatch? {
    precondition(max > 0, "a batch has room for an entry")
    if position == entries.count, leftOutCount == 0 { return try await rest?.next(max: max) }
    let end = min(entries.count, position + max)
    defer { (position, leftOutCount) = (end, 0) }
    return UFSListingBatch(
      entries: Array(entries[position..<end]), leftOutCount: leftOutCount, cursor: nil)
  }

  func close() async { await rest?.close() }
}
