// Memory that many share: pages that loads are bringing, parts of uploads. Bounded for all together, given out in turns.
//
//   job a ▸▸▸▸▸ ┐
//   job b ▸     ├─ in turns ─▶ bytes     each job's shards in their own order; who is next waits until there is enough for it
//   job c ▸▸    ┘

import Synchronization

/// Bytes that may be in use at once, given to jobs in turns.
package final class ByteBudget: Sendable {
  @safe fileprivate struct Waiter {
    let bytes: Int
    let continuation: UnsafeContinuation<Void, Never>
  }

  /// The shards of one job that wait, from `head` on.
  @safe fileprivate struct Line {
    var waiters: [Waiter] = []
    var head = 0
  }

  fileprivate struct State {
    var free: Int
    /// By job; none is empty.
    var lines: [UInt64: Line] = [:]
    /// Jobs that wait, in the order of their turns.
    var turns: [UInt64] = []
  }

  /// All there is.
  package let limit: Int
  private let state: Mutex<State>

  /// A budget of `limit` bytes.
  package init(limit: Int) {
    precondition(limit > 0, "a budget lets something through")
    self.limit = limit
    state = Mutex(State(free: limit))
  }

  /// Takes `bytes`, or all there is when that is less, waiting for them; returns what was taken.
  ///
  /// Those that say the same `turns` (a job, say) take turns with others.
  package func take(_ bytes: Int, turns: UInt64 = 0) async -> Int {
    let bytes = min(bytes, limit)
    let isTaken = state.withLock { $0.take(bytes) }
    if isTaken { return bytes }
    await unsafe withUnsafeContinuation { continuation in
      let isTaken = state.withLock { state in
        if state.take(bytes) { return true }
        unsafe state.add(Waiter(bytes: bytes, continuation: continuation), turns)
        return false
      }
      if isTaken { unsafe continuation.resume() }
    }
    return bytes
  }

  /// Gives back what `take` returned.
  package func giveBack(_ bytes: Int) {
    let served = state.withLock { state in
      state.free += bytes
      return state.serve()
    }
    served.forEach { unsafe $0.continuation.resume() }
  }

  /// Bytes in use.
  package var used: Int { state.withLock { limit - $0.free } }
}

extension ByteBudget.State {
  /// Takes `bytes` when nobody waits and they are there.
  mutating func take(_ bytes: Int) -> Bool {
    guard turns.isEmpty, bytes <= free else { return false }
    free -= bytes
    return true
  }

  /// Puts a waiter at the end of its job's line.
  mutating func add(_ waiter: ByteBudget.Waiter, _ flow: UInt64) {
    if lines[flow] == nil { turns.append(flow) }
    lines[flow, default: ByteBudget.Line()].waiters.append(waiter)
  }

  /// Takes the waiters off the lines whose turn it is.
  mutating func serve() -> [ByteBudget.Waiter] {
    var served: [ByteBudget.Waiter] = []
    while let flow = turns.first, let next = lines[flow]?.first, next.bytes <= free {
      free -= next.bytes
      served.append(next)
      turns.removeFirst()
      if lines[flow]?.removeFirst() == true { turns.append(flow) } else { lines[flow] = nil }
    }
    return served
  }
}

extension ByteBudget.Line {
  /// Who is next.
  var first: ByteBudget.Waiter? { head < waiters.count ? waiters[head] : nil }

  /// Takes out who is next; false when nobody is left.
  mutating func removeFirst() -> Bool {
    head += 1
    if head >= 1024 {
      waiters.removeFirst(head)
      head = 0
    }
    return head < waiters.count
  }
}
