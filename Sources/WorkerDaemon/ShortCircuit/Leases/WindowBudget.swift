// Memory that windows have made resident, over all connections.

import Synchronization

/// A sum of bytes with a limit.
final class WindowBudget: Sendable {
  /// Most bytes.
  let limit: Int
  private let used = Atomic<Int>(0)

  /// A budget of `limit` bytes.
  init(limit: Int) { self.limit = limit }

  /// Bytes taken.
  var bytes: Int { used.load(ordering: .relaxed) }

  /// Takes `count` bytes; false when they are not left.
  func take(_ count: Int) -> Bool {
    if used.add(count, ordering: .relaxed).newValue <= limit { return true }
    used.subtract(count, ordering: .relaxed)
    return false
  }

  /// Gives `count` bytes back.
  func giveBack(_ count: Int) { used.subtract(count, ordering: .relaxed) }
}
