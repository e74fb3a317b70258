// The right to read a page that lies on disk. While it lives the page's run is not given to another page.

package import Model

/// What came of reading a page on disk.
package enum StoredRead: Sendable, Equatable {
  /// The wanted bytes lie in this part of the buffer.
  case bytes(Range<Int>)
  /// They were wrong or could not be read: the page is gone, and a fill brings it again.
  case lost
  /// The disk does not answer: the buffer is its until the hold ends, and a fill brings the page again.
  case stuck(DeviceHold)
}

/// A pin on one page on disk; released when it goes out of scope, on any thread.
@safe package struct StoredLease: ~Copyable, @unchecked Sendable {
  private let page: DiskPage
  // SAFETY: the pin keeps the entry and the run from being given to anybody else.
  private let entry: UnsafeMutablePointer<PageEntry>
  private let core: Unmanaged<StoreCore>
  private let generation: UInt16
  private let isTrusted: Bool

  /// A lease for a pin that was already counted.
  init(
    _ page: DiskPage, entry: UnsafeMutablePointer<PageEntry>, core: StoreCore,
    generation: UInt16, isTrusted: Bool
  ) {
    self.page = page
    unsafe self.entry = entry
    unsafe self.core = .passUnretained(core)
    self.generation = generation
    self.isTrusted = isTrusted
  }

  deinit {
    // SAFETY: the core lives while an entry is pinned.
    unsafe core._withUnsafeGuaranteedRef { unsafe $0.release(entry, generation: generation) }
  }

  /// Length of the page in bytes.
  package var count: Int { page.length }
  /// The page that is held.
  package var key: PageKey { page.key }
  /// The NUMA node its volume is near to.
  package var node: Int { unsafe core._withUnsafeGuaranteedRef { unsafe $0.node(of: entry) } }
  /// The tier it lies in.
  package var tier: Tier {
    unsafe core._withUnsafeGuaranteedRef { unsafe $0.volume(of: entry).tier }
  }

  /// Reads `range` of the page into `buffer`, which has `PageStore.readBufferSize` bytes aligned to 4096; suspends.
  ///
  /// A page that turns out wrong or unreadable leaves the store.
  package borrowing func read(
    _ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) async -> StoredRead {
    precondition(!range.isEmpty && range.upperBound <= page.length, "the range lies in the page")
    // SAFETY: the core lives while an entry is pinned.
    let core = unsafe core.takeUnretainedValue()
    return await unsafe core.read(range, of: page, at: entry, isTrusted: isTrusted, into: buffer)
  }
}

extension StoreCore {
  /// Reads `range` of the copy at `entry`, which is pinned, and takes it out when it is not right.
  func read(
    _ range: Range<Int>, of page: DiskPage, at entry: UnsafeMutablePointer<PageEntry>,
    isTrusted: Bool, into buffer: UnsafeMutableRawBufferPointer
  ) async -> StoredRead {
    let verify = mustVerify(isTrusted: isTrusted)
    // A first touch vouches for the whole page, so it reads the whole page.
    let isWhole = verify && options.verification != .always
    let wanted = isWhole ? 0..<page.length : range
    switch await unsafe disk(of: entry).read(wanted, of: page, into: buffer, verify: verify) {
    case .bytes(let found):
      if verify, wanted.count == page.length { unsafe markVerified(entry) }
      let start = found.lowerBound + range.lowerBound - wanted.lowerBound
      return .bytes(start..<start + range.count)
    case .corrupt: unsafe lose(entry, isCorrupt: true)
    case .failed: unsafe lose(entry, isCorrupt: false)
    case .stuck(let hold): return .stuck(hold)
    }
    return .lost
  }
}
