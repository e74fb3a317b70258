// The part of an open file that is read without a lock: where leased pages lie, and when the next are to be asked for.
//
// A class of its own, to which nobody refers weakly: each read takes a reference to it, which costs ten times as much for an
// object that has weak ones.

import Glibc
import LocalWire
import Synchronization

/// Reads the leased pages of one file.
final class LeasedReader: Sendable {
  let connection: LocalConnection
  let table: LeasedPageTable
  /// The page at which the next batch is asked for; written with the lock of the file's state held.
  let trigger = Atomic<UInt32>(.max)
  private let pageSize: Int
  private let pageShift: Int
  /// The page that was looked for last.
  private let lastPage = Atomic<UInt32>(0)

  /// A reader of a file of `pageCount` pages, none of them leased.
  init(_ connection: LocalConnection, pageSize: Int, pageCount: UInt32) {
    self.connection = connection
    self.pageSize = pageSize
    pageShift = pageSize.nonzeroBitCount == 1 ? pageSize.trailingZeroBitCount : -1
    table = LeasedPageTable(pageCount: pageCount)
  }

  /// The page of the byte at `offset`.
  @inline(__always)
  func page(at offset: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: pageShift >= 0 ? offset >> pageShift : offset / pageSize)
  }

  /// Whether the next batch is to be asked for, now that `page` is read.
  @inline(__always)
  func isDue(_ page: UInt32) -> Bool {
    let last = lastPage.exchange(page, ordering: .relaxed)
    return page &- last <= 1 && page >= trigger.load(ordering: .relaxed)
  }

  /// Says that leases are in use: they are renewed.
  @inline(__always)
  func noteUse() {
    if !connection.isUsed.load(ordering: .relaxed) {
      connection.isUsed.store(true, ordering: .relaxed)
    }
  }

  /// Copies `count` bytes at `offset`, if they are those of one page that is leased and nothing else is to be done: no lock, no
  /// memory of its own.
  ///
  /// False when it did not.
  @inline(__always)
  func copy(to target: UnsafeMutableRawPointer, count: Int, at offset: Int) -> Bool {
    guard let place = place(of: count, at: offset) else { return false }
    // SAFETY: the place has `count` bytes.
    unsafe memcpy(target, place.address, count)
    return isLive(place)
  }

  /// Where `count` bytes at `offset` lie, if they are those of one page that is leased and nothing else is to be done.
  ///
  /// What is read there counts if the place is live behind the reading.
  @inline(__always)
  func place(of count: Int, at offset: Int) -> LeasedPageTable.Place? {
    let page = page(at: offset)
    let start = offset - Int(page) * pageSize
    let last = lastPage.load(ordering: .relaxed)
    guard count <= pageSize - start, !connection.hasEnded.load(ordering: .relaxed),
      page &- last > 1 || page < trigger.load(ordering: .relaxed),
      let place = table.find(page)
    else { return nil }
    // Threads that read the same page do not fight for the word.
    if last != page { lastPage.store(page, ordering: .relaxed) }
    noteUse()
    // SAFETY: a leased page has `size(of:)` bytes, checked when it was leased; the range lies in the file. Its memory stays
    // mapped as long as the connection.
    return unsafe LeasedPageTable.Place(address: place.address + start, mark: place.mark)
  }

  /// Whether what was read of `place` is the file's.
  @inline(__always)
  func isLive(_ place: LeasedPageTable.Place) -> Bool { connection.words.isLive(place.mark) }
}
