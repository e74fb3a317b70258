// Memory of pages that loads are bringing: bounded for all jobs together, so that half-read pages never fill the store.

import Synchronization

/// Bytes that loads may have in flight, given first come first served.
final class LoadBudget: Sendable {
  @safe fileprivate struct Waiter {
    let bytes: Int
    let continuation: UnsafeContinuation<Void, Never>
  }

  fileprivate struct State {
    var free: Int
    var waiting: [Waiter] = []
  }

  /// All there is.
  let limit: Int
  private let state: Mutex<State>

  /// A budget of `limit` bytes.
  init(limit: Int) {
    precondition(limit > 0, "a budget lets something through")
    self.limit = limit
    state = Mutex(State(free: limit))
  }

  /// Takes `bytes`, or all there is when that is less, waiting for them; returns what was taken.
  func take(_ bytes: Int) async -> Int {
    let bytes = min(bytes, limit)
    let isTaken = state.withLock { $0.take(bytes) }
    if isTaken { return bytes }
    await unsafe withUnsafeContinuation { continuation in
      let isTaken = state.withLock { state in
        if state.take(bytes) { return true }
        unsafe state.waiting.append(Waiter(bytes: bytes, continuation: continuation))
        return false
      }
      if isTaken { unsafe continuation.resume() }
    }
    return bytes
  }

  /// Gives back what `take` returned.
  func giveBack(_ bytes: Int) {
    let served = state.withLock { state in
      state.free += bytes
      return state.serve()
    }
    served.forEach { unsafe $0.continuation.resume() }
  }

  /// Bytes in use.
  var used: Int { state.withLock { limit - $0.free } }
}

extension LoadBudget.State {
  /// Takes `bytes` when nobody waits and they are there.
  mutating func take(_ bytes: Int) -> Bool {
    guard waiting.isEmpty, bytes <= free else { return false }
    free -= bytes
    return true
  }

  /// Takes the waiters off the line whose turn it is.
  mutating func serve() -> [LoadBudget.Waiter] {
    var count = 0
    while count < waiting.count, waiting[count].bytes <= free {
      free -= waiting[count].bytes
      count += 1
    }
    let served = Array(waiting[..<count])
    waiting.removeFirst(count)
    return served
  }
}
