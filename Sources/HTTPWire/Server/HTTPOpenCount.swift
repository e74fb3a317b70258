// How many connections a server has open, all rings together.

import Synchronization

/// Open connections of a server; shared by its rings.
final class HTTPOpenCount: Sendable {
  private let value = Atomic<Int>(0)

  /// Counts one more unless `limit` are open; false then.
  func open(limit: Int) -> Bool {
    if value.add(1, ordering: .relaxed).newValue <= limit { return true }
    close()
    return false
  }

  /// Counts one less.
  func close() { value.subtract(1, ordering: .relaxed) }
}
