// How a worker reaches the coordinator in its own process, which starts after it.

import Synchronization

/// The coordinator of this process, if there is to be one.
package final class JobServiceLink: Sendable {
  private let isExpected: Bool
  private let linked = Mutex<Coordinator?>(nil)

  /// A link that is empty until `link(to:)` when a coordinator is expected, and for ever otherwise.
  package init(isExpected: Bool = false) { self.isExpected = isExpected }

  /// Puts the coordinator in.
  package func link(to coordinator: Coordinator) { linked.withLock { $0 = coordinator } }

  /// Whether the coordinator that is expected is not there yet.
  var isWaiting: Bool { isExpected && linked.withLock { $0 == nil } }

  /// The coordinator; nil when loads are this worker's own.
  ///
  /// - Throws: 503 while the coordinator starts.
  func coordinator() throws(RESTProblem) -> Coordinator? {
    if let coordinator = linked.withLock({ $0 }) { return coordinator }
    guard !isExpected else { throw RESTProblem(503, "the coordinator is starting") }
    return nil
  }
}
