// Where a stop waits for work that may hang, until the work or the time is over.

import Synchronization

/// A gate that one task waits at and anybody opens, once.
@safe final class StopGate: Sendable {
  @safe private struct State {
    var isOpen = false
    var waiting: UnsafeContinuation<Void, Never>?
  }

  private let state = Mutex(State())

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
