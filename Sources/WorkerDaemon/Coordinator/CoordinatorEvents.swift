// What other threads tell the coordinator: collected, and taken by its ring all at once.

import Ring
import Scheduler
import Synchronization

/// Events on their way to the coordinator's ring, in order.
final class CoordinatorEvents: Sendable {
  private struct State {
    var events: [SchedulerEvent] = []
    var isAwake = false
    var isClosed = false
  }

  private let reactor: Reactor
  private let state = Mutex(State())

  /// Nothing yet; events go to `reactor`.
  init(reactor: Reactor) { self.reactor = reactor }

  /// Adds an event and has `take` called on the ring; callable from any thread.
  func add(_ event: SchedulerEvent, take: @escaping @Sendable () -> Void) {
    let wakes = state.withLock { state in
      guard !state.isClosed else { return false }
      // Acknowledgements come in order, and one covers all before it.
      if case .written = event, case .written? = state.events.last { state.events.removeLast() }
      state.events.append(event)
      defer { state.isAwake = true }
      return !state.isAwake
    }
    if wakes { reactor.spawn { take() } }
  }

  /// All events since the last call.
  func takeAll() -> [SchedulerEvent] {
    state.withLock { state in
      defer { state.events = [] }
      state.isAwake = false
      return state.events
    }
  }

  /// Takes no more.
  func close() { state.withLock { $0.isClosed = true } }
}
