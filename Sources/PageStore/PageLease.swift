// The right to read a page's bytes. While a lease lives the page is neither overwritten nor given to another page.

package import Model

/// A pin on one resident page; released when it goes out of scope, on any thread.
///
/// It may outlive the store: the memory stays until the last lease ends.
@safe package struct PageLease: ~Copyable, @unchecked Sendable {
  /// The page's bytes in the arena, constant and valid as long as the lease.
  // SAFETY: the pin keeps the page's units from being given to anybody else.
  package let bytes: UnsafeRawBufferPointer
  private let entry: UnsafeMutablePointer<PageEntry>
  private let core: Unmanaged<StoreCore>
  private let generation: UInt16

  /// A lease for a pin that was already counted.
  @inline(__always)
  init(
    _ bytes: UnsafeRawBufferPointer, entry: UnsafeMutablePointer<PageEntry>, core: StoreCore,
    generation: UInt16
  ) {
    unsafe self.bytes = bytes
    unsafe self.entry = entry
    unsafe self.core = .passUnretained(core)
    self.generation = generation
  }

  deinit {
    // SAFETY: the core lives while an entry is pinned.
    unsafe core._withUnsafeGuaranteedRef { unsafe $0.release(entry, generation: generation) }
  }

  /// Length of the page in bytes.
  package var count: Int { unsafe bytes.count }
  /// The page that is held.
  package var key: PageKey {
    // SAFETY: a pinned entry's key does not change.
    unsafe PageKey(
      file: FileKey(high: entry.pointee.high, low: entry.pointee.low), index: entry.pointee.index)
  }
  /// The NUMA node whose memory holds the page.
  package var node: Int { unsafe core._withUnsafeGuaranteedRef { unsafe $0.node(of: entry) } }
  /// True when the page was evicted or dropped since: nobody else can find it any more.
  package var isDoomed: Bool { unsafe entry.pointee.current.isDoomed }
}
