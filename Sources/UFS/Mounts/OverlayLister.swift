// A directory's listing with mount points laid over it.

/// Lists a directory with some entries taken from elsewhere; an entry of the same name in the directory is left out.
final class OverlayLister: UFSLister {
  private let base: (any UFSLister)?
  private let hidden: Set<[UInt8]>
  private let order: UFSListing.Order
  private var overlay: ArraySlice<UFSEntry>
  private var isBaseDone: Bool
  private var cursor: UFSCursor?

  /// Lays `overlay` over `base`, which is nil when the directory exists only by its mounts.
  init(_ base: (any UFSLister)?, overlay: [UFSEntry], _ options: UFSListing) {
    self.base = base
    hidden = Set(overlay.map { Array($0.name.utf8) })
    order = options.order
    cursor = options.cursor
    isBaseDone = base == nil
    var entries = overlay
    if order == .sorted {
      entries.sort { isBefore($0.sortKey, $1.sortKey) }
      if let after = options.cursor?.token { entries.removeAll { !isBefore(after, $0.sortKey) } }
    }
    self.overlay = entries[...]
  }

  func next(max: Int) async throws(UFSError) -> UFSListingBatch? {
    precondition(max > 0, "a batch has room for an entry")
    if !isBaseDone, let base {
      if var batch = try await base.next(max: max) {
        batch.entries.removeAll { hidden.contains(Array($0.name.utf8)) }
        if order == .sorted { merge(into: &batch) }
        cursor = batch.cursor
        return batch
      }
      isBaseDone = true
    }
    if overlay.isEmpty { return nil }
    let entries = Array(overlay.prefix(max))
    overlay = overlay.dropFirst(max)
    if order == .sorted { cursor = entries.last.map { UFSCursor(token: $0.sortKey) } }
    return UFSListingBatch(entries: entries, leftOutCount: 0, cursor: cursor)
  }

  func close() async { await base?.close() }

  /// Adds the overlay's entries that come before the batch's end; it may grow beyond `max` by their number.
  private func merge(into batch: inout UFSListingBatch) {
    guard let end = batch.cursor?.token else { return }
    while let entry = overlay.first, !isBefore(end, entry.sortKey) {
      overlay = overlay.dropFirst()
      batch.entries.append(entry)
    }
    batch.entries.sort { isBefore($0.sortKey, $1.sortKey) }
  }
}
