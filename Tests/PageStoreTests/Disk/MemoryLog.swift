// A page log in memory that remembers what was asked of it, in order.

import PageStore
import Synchronization

/// Records of a volume without a disk.
final class MemoryLog: PageLog {
  enum Change: Equatable {
    case put(StoredPage)
    case remove(UInt32)
    case quarantine(UInt32, Int)
    case forgive(UInt32)
  }
  private struct State {
    var pages: [StoredPage]
    var bad: [(UInt32, Int)]
    var changes: [Change] = []
    var isClosed = false
  }
  private let state: Mutex<State>
  private let failure: PageStoreError?

  /// A log with `pages`, which are given in this order, and `bad` runs; it ends with `failure` if there is one.
  init(_ pages: [StoredPage] = [], bad: [(UInt32, Int)] = [], failure: PageStoreError? = nil) {
    state = Mutex(State(pages: pages, bad: bad))
    self.failure = failure
  }

  var changes: [Change] { state.withLock { $0.changes } }

  func put(_ page: StoredPage) { state.withLock { $0.changes.append(.put(page)) } }
  func remove(unit: UInt32) { state.withLock { $0.changes.append(.remove(unit)) } }
  func quarantine(unit: UInt32, count: Int) {
    state.withLock { $0.changes.append(.quarantine(unit, count)) }
  }
  func forgive(unit: UInt32) { state.withLock { $0.changes.append(.forgive(unit)) } }
  func restore(
    _ body: (StoredPage) -> Void, quarantined: (_ unit: UInt32, _ count: Int) -> Void
  ) throws(PageStoreError) {
    let (pages, bad) = state.withLock { ($0.pages, $0.bad) }
    bad.forEach { quarantined($0.0, $0.1) }
    pages.forEach { body($0) }
    if let failure { throw failure }
  }
  func flush() async {}
  func close() { state.withLock { $0.isClosed = true } }
  var isClosed: Bool { state.withLock { $0.isClosed } }
}
