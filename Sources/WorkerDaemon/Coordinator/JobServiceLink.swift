// How a worker reaches the job service: the coordinator in its own process, which starts after it, or the one it has joined.

import Synchronization

/// Where a worker's loads are jobs, if anywhere.
package final class JobServiceLink: Sendable {
  private let isExpected: Bool
  private let linked: Mutex<(any LoadJobService)?>

  /// A link that is empty until `link(to:)` when a coordinator is expected, and for ever otherwise.
  package init(isExpected: Bool = false) {
    self.isExpected = isExpected
    linked = Mutex(nil)
  }

  /// A link to a job service elsewhere.
  init(to service: any LoadJobService) {
    isExpected = true
    linked = Mutex(service)
  }

  /// Puts the coordinator in.
  package func link(to coordinator: Coordinator) { linked.withLock { $0 = coordinator } }

  /// Whether the coordinator that is expected is not there yet.
  var isWaiting: Bool { isExpected && linked.withLock { $0 == nil } }

  /// The job service; nil when loads are this worker's own.
  ///
  /// - Throws: 503 while the coordinator starts.
  func service() throws(RESTProblem) -> (any LoadJobService)? {
    if let service = linked.withLock({ $0 }) { return service }
    guard !isExpected else { throw RESTProblem(503, "the coordinator is starting") }
    return nil
  }
}
