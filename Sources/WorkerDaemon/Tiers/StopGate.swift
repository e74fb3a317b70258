// Where a stop waits for work that may hang, until the work or the time is over.

import Ring
import Synchronization

/// A gate that one task waits at and anybody opens, once.
@safe final class StopGate: Sendable {
  @safe private struct State {
    var isOpen = false
    var waiting: UnsafeContinuation<Void, Never>?
  }

  private let state = Mutex(State())
  /// Whether the work that is waited for has ended.
  private let done = Mutex(false)

  /// Waits until the gate is open; one task at a time.
  func wait() async {
    await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let isOpen = state.withLock { state in
        if !state.isOpen { unsafe state.waiting = unsafe continuation }
        return state.isOpen
      }
      if isOpen { unsafe continuation.resume() }
    }
  }

  /// Waits for `work`, but not beyond `deadline` (nanoseconds of `reactor`); true when it ended.
  ///
  /// What is late goes on by itself.
  static func wait(
    until deadline: UInt64, on reactor: Reactor, for work: @escaping @Sendable () async -> Void
  ) async -> Bool {
    let gate = StopGate()
    _ = Task(executorPreference: reactor) {
      await work()
      gate.done.withLock { $0 = true }
      gate.open()
    }
    let timer = Task(executorPreference: reactor) {
      let left = Int64(clamping: deadline > reactor.now ? deadline - reactor.now : 0)
      if await reactor.sleep(for: .nanoseconds(left)) { gate.open() }
    }
    await gate.wait()
    timer.cancel()
    return gate.done.withLock { $0 }
  }

  /// Opens the gate; again does nothing.
  func open() {
    let waiting = unsafe state.withLock { state in
      state.isOpen = true
      defer { unsafe state.waiting = nil }
      return unsafe state.waiting
    }
    if let waiting = unsafe waiting { unsafe waiting.resume() }
  }
}
