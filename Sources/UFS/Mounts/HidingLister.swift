// A walk without what mounts hide.

/// Leaves out everything at or below some paths.
final class HidingLister: UFSLister {
  private let base: any UFSLister
  private let hidden: [String]

  /// Hides `hidden`, paths below the UFS's root.
  init(_ base: any UFSLister, hiding hidden: [String]) {
    self.base = base
    self.hidden = hidden
  }

  func next(max: Int) async throws(UFSError) -> UFSListingBatch? {
    guard var batch = try await base.next(max: max) else { return nil }
    batch.entries.removeAll { entry in hidden.contains { pathBelow($0, entry.path) != nil } }
    return batch
  }

  func close() async { await base.close() }
}
