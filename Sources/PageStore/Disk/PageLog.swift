// The seam beside a disk volume: what remembers across restarts which page lies where.

package import Model

/// A page on a disk volume, as its log remembers it.
package struct StoredPage: Sendable, Equatable {
  /// First 4 KiB unit of the run, from the start of the volume's data.
  package var unit: UInt32
  /// The page; its key has the file's version in it.
  package var key: PageKey
  /// Bytes of the page, 1 to the page size.
  package var length: Int
  /// CRC32C of the bytes or of their trailer, seeded with the page's identity and place.
  package var root: UInt32
  /// Order in which pages of the volume were written; of two that claim one unit the higher is right.
  package var sequence: UInt64
  /// Seconds since 1970 when the page was filled from the UFS.
  package var filledAt: UInt32

  /// A record of its parts.
  package init(
    unit: UInt32, key: PageKey, length: Int, root: UInt32, sequence: UInt64, filledAt: UInt32
  ) {
    self.unit = unit
    self.key = key
    self.length = length
    self.root = root
    self.sequence = sequence
    self.filledAt = filledAt
  }
}

/// The records of one volume, by first unit.
///
/// Changes are queued in the order of the calls and written in groups by a thread of the log's own: a crash loses a tail
/// of them, never one before another. Safe to use from any thread; only `close` and `restore` block.
package protocol PageLog: AnyObject, Sendable {
  /// Queues a record, replacing the one at its unit.
  func put(_ page: StoredPage)

  /// Queues the removal of the record at `unit`.
  func remove(unit: UInt32)

  /// Queues that the run of `count` units at `unit` is not to be used again.
  func quarantine(unit: UInt32, count: Int)

  /// Queues that the run at `unit` may be used again after all.
  func forgive(unit: UInt32)

  /// Calls `body` with every record, in the order of units, and `quarantined` with every bad run; blocks.
  ///
  /// Called once, before any other method.
  /// - Throws: `volumeLogDamaged` when records cannot be read.
  func restore(
    _ body: (StoredPage) -> Void, quarantined: (_ unit: UInt32, _ count: Int) -> Void
  ) throws(PageStoreError)

  /// Waits until everything queued is written; suspends.
  func flush() async

  /// Writes everything queued and ends the log's thread; blocks.
  func close()

  /// Says that some records may be of pages that are not there: the log is not to be closed as whole.
  func doubt()

  /// Nanoseconds that the write under way has taken at `now`; nil when none is.
  func age(now: UInt64) -> UInt64?

  /// Lets everybody go who waits for `flush`, now and later.
  func abandon()

  /// Why changes cannot be written now, in one line; nil while they can.
  var failure: String? { get }
}

extension PageLog {
  package func age(now: UInt64) -> UInt64? { nil }
  package func abandon() {}
  package func doubt() {}
  package var failure: String? { nil }
}
