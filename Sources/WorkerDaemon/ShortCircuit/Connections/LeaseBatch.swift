// The pages of one LEASE, and which of them are still to be done.

import LocalWire

/// The state of one request for leases; confined to its connection's ring.
// SAFETY: used by tasks of one reactor.
final class LeaseBatch: @unchecked Sendable {
  /// The answer: until a page is done, that it was not.
  var pages: [LeasedPage]
  /// The first page that nobody has taken on.
  var position = 0
  private var isDone: [Bool]
  /// Pages that the client was told of.
  private var told = 0

  /// The pages of `frame` in a file of `pageCount` pages; those past its end are done: there is nothing.
  init(_ frame: LeaseFrame, pageCount: UInt32) {
    pages = []
    pages.reserveCapacity(frame.pageCount)
    for range in frame.ranges {
      for page in range {
        pages.append(LeasedPage(page: page, failure: page < pageCount ? .cancelled : .invalid))
      }
    }
    isDone = pages.map { $0.failure == .invalid }
  }

  /// The next page to be done; nil when there is none.
  var next: Int? {
    var place = position
    while place < pages.count, pages[place].failure == .invalid { place += 1 }
    return place < pages.count ? place : nil
  }

  /// Says that the answer of the page at `place` is final.
  func settle(_ place: Int) { isDone[place] = true }

  /// Says so of all pages before `place`.
  func settle(upTo place: Int) { for index in 0..<place { isDone[index] = true } }

  /// Final answers that follow those told before, which are told from now on, and how many are still to come; nil without any.
  func news() -> (pages: [LeasedPage], left: UInt32)? {
    let end = isDone[told...].firstIndex(of: false) ?? pages.count
    guard end > told else { return nil }
    defer { told = end }
    return (Array(pages[told..<end]), UInt32(pages.count - end))
  }

  /// Pages from the position on, those past the file's end included.
  var left: Int { pages.count - position }

  /// Says that the pages up to `place` are done.
  func done(_ place: Int) { position = place + 1 }

  /// Takes the next page on; nil when there is none.
  func claim() -> Int? {
    guard let place = next else { return nil }
    position = place + 1
    return place
  }
}
