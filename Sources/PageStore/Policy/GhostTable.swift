// Keys of pages that left a short while ago: fingerprints in a direct-mapped table, where a newer one takes the place of
// an older one. A key that is forgotten too early or mistaken for another costs a page a place in the wrong queue, no more.

import Synchronization

/// Fingerprints of keys.
@safe struct GhostTable: ~Copyable, @unchecked Sendable {
  private let region: FlatRegion
  // SAFETY: an array of `mask + 1` words in the region, which this value owns.
  private let cells: UnsafeMutablePointer<Atomic<UInt32>>
  private let mask: UInt64

  /// A table for about `count` keys.
  ///
  /// - Throws: `memoryUnavailable`.
  init(count: Int) throws(PageStoreError) {
    var size: UInt64 = 1024
    while size < UInt64(max(1, count)), size < 1 << 32 { size *= 2 }
    mask = size - 1
    region = try FlatRegion(byteCount: Int(size) * 4)
    unsafe cells = region.array(of: Atomic<UInt32>.self)
  }

  /// Remembers the key with `hash`.
  func insert(_ hash: UInt64) {
    unsafe cells[Int(hash & mask)].store(fingerprint(hash), ordering: .relaxed)
  }

  /// Forgets the key with `hash`; true when it was remembered.
  func remove(_ hash: UInt64) -> Bool {
    let cell = unsafe cells + Int(hash & mask)
    return unsafe cell.pointee.compareExchange(
      expected: fingerprint(hash), desired: 0, ordering: .relaxed
    ).exchanged
  }

  private func fingerprint(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) | 1 }
}
