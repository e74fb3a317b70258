// What stands behind a lease.

import PageStore

/// A page that a client may read: pinned in the store, or copied into the window.
final class HeldPage {
  /// The pin; nil for one in the window.
  private var lease: PageLease?
  /// Units of the window; empty for a page of the store.
  let units: Range<Int>
  /// Bytes of the page.
  let count: Int
  /// When it was leased, in monotonic nanoseconds.
  let givenAt: UInt64
  /// When it was renewed last.
  var renewedAt: UInt64
  /// When the client was asked to give it back; nil while it was not.
  var wantedAt: UInt64?

  /// A page of the store.
  init(_ lease: consuming PageLease, now: UInt64) {
    count = lease.count
    units = 0..<0
    givenAt = now
    renewedAt = now
    self.lease = consume lease
  }

  /// A page in the window.
  init(units: Range<Int>, count: Int, now: UInt64) {
    self.units = units
    self.count = count
    givenAt = now
    renewedAt = now
  }

  /// Where the page lies in the store; nil for one in the window.
  var address: UnsafeRawPointer? { unsafe lease?.bytes.baseAddress }

  /// Whether the store has no use for the memory but to have it back.
  var isDoomed: Bool { lease?.isDoomed ?? false }

  /// Lets the pin go; only `LeaseBook.end` calls this, behind the word.
  func letGo() { lease = nil }
}
