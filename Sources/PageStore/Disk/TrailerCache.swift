// Checksums of pages that were read in parts, so that the next part is one transfer and not two.
//
// What is here was verified against the page's root, and is found only under the same page: key, place, length and root.
// So nothing has to be dropped when a page leaves: whoever comes to its place is another page.

import Ring
import Glibc

/// Verified trailers of the pages used last, one for each slot; a page's slot follows from its block.
@safe final class TrailerCache: @unchecked Sendable {
  private static let lockCount = 16

  private struct Slot {
    var page: DiskPage?
  }

  /// Bytes of the sums of a full page.
  private let sumsMax: Int
  private let unitsPerBlock: Int
  private let locks: [Box]
  // SAFETY: slot n and its sums are guarded by lock n mod 16.
  private let slots: UnsafeMutableBufferPointer<Slot>
  private let sums: UnsafeMutableRawPointer
  private let memory: FlatRegion

  private final class Box: Sendable {
    let lock = Lock()
  }

  /// An empty cache of about `capacity` bytes, which become resident as they are used; more slots than the volume's
  /// `blockCount` would stay empty.
  ///
  /// - Throws: `memoryUnavailable`.
  init(layout: DiskLayout, capacity: Int, blockCount: Int = .max) throws(PageStoreError) {
    sumsMax = DiskLayout.units(layout.pageSize) * 4
    unitsPerBlock = layout.unitsPerBlock
    let count = max(1, min(blockCount, capacity / (sumsMax + MemoryLayout<Slot>.stride)))
    memory = try FlatRegion(byteCount: count * sumsMax)
    unsafe sums = memory.base
    unsafe slots = .allocate(capacity: count)
    unsafe slots.initialize(repeating: Slot(page: nil))
    locks = (0..<TrailerCache.lockCount).map { _ in Box() }
  }

  deinit { unsafe slots.deallocate() }

  private func slot(of page: DiskPage) -> Int {
    unsafe Int(page.unit) / unitsPerBlock % slots.count
  }

  /// Copies the sums of `page` to `target`; false when they are not here.
  func copy(_ page: DiskPage, to target: UnsafeMutableRawBufferPointer) -> Bool {
    let slot = slot(of: page)
    return locks[slot % TrailerCache.lockCount].lock.withLock {
      guard unsafe slots[slot].page == page else { return false }
      unsafe target.copyMemory(
        from: UnsafeRawBufferPointer(start: sums + slot * sumsMax, count: target.count))
      return true
    }
  }

  /// Keeps the verified `bytes` of the sums of `page`, in place of those of another one.
  func insert(_ page: DiskPage, _ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= sumsMax, "a page has no more sums than a full one")
    let slot = slot(of: page)
    locks[slot % TrailerCache.lockCount].lock.withLock {
      unsafe slots[slot].page = page
      unsafe UnsafeMutableRawBufferPointer(start: sums + slot * sumsMax, count: bytes.count)
        .copyMemory(from: bytes)
    }
  }
}
