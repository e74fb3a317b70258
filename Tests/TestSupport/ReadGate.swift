// Holds the reads of a `FakeUFS` until a test lets them go.

import Synchronization

/// Lets a number of reads pass and holds the others.
package final class ReadGate: Sendable {
  private struct State {
    var permits: Int
    var held: [CheckedContinuation<Void, Never>] = []
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    var arrived = 0
  }

  private let state: Mutex<State>

  /// A gate that lets `permits` reads pass.
  package init(permits: Int) { state = Mutex(State(permits: permits)) }

  /// Called by each read.
  package func pass() async {
    await withCheckedContinuation { continuation in
      let (passes, watchers) = state.withLock { state in
        state.arrived += 1
        let reached = state.watchers.filter { $0.count <= state.arrived }
        state.watchers.removeAll { $0.count <= state.arrived }
        guard state.permits > 0 else {
          state.held.append(continuation)
          return (false, reached)
        }
        state.permits -= 1
        return (true, reached)
      }
      for watcher in watchers { watcher.continuation.resume() }
      if passes { continuation.resume() }
    }
  }

  /// Lets `count` more reads pass.
  package func release(_ count: Int = 1 << 30) {
    let freed = state.withLock { state in
      let freed = Array(state.held.prefix(count))
      state.held.removeFirst(freed.count)
      state.permits += count - freed.count
      return freed
    }
    for continuation in freed { continuation.resume() }
  }

  /// Waits until `count` reads have come to the gate.
  package func waitForArrivals(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isReached = state.withLock { state in
        if state.arrived >= count { return true }
        state.watchers.append((count, continuation))
        return false
      }
      if isReached { continuation.resume() }
    }
  }
}
