// Calls to the metastore, whose disk may hang: they have threads of their own, and nobody who serves a client waits for
// them without a limit.
//
//   ask      reads of clients      2 threads   waits for `limit`
//   perform  the cache API         2 threads   waits for `patience` times that
//   work     the keeper            as perform  waits for the end
//
// While a call is out for longer than it may take, nobody else is made to wait: `ask` and `perform` refuse at once.

import Glibc
package import Ring
import Synchronization

/// What came of a call to the metastore.
package enum MetastoreAnswer<T: Sendable>: Sendable {
  /// It answered.
  case value(T)
  /// It did not answer in time; the call goes on to its own end.
  case late
  /// It owes an answer to somebody else; the call was not made.
  case refused

  /// What it answered, if it did.
  package var value: T? {
    if case .value(let value) = self { return value }
    return nil
  }
}

/// The threads for the metastore, and what is out on them.
package final class MetastoreCalls: Sendable {
  /// Threads that clients' reads ask on.
  private static let askThreadCount = 2
  /// Threads of the cache API and of the keeper, each of which may take one for long.
  private static let workThreadCount = 2
  /// How much nicer to the CPUs these are: nobody who reads waits for them.
  private static let workNiceness = 10
  /// How much longer than a look-up a call of the cache API may take: it may look at everything that is cached.
  private static let patience = 6

  /// A call that has not ended.
  private struct Call {
    let since: UInt64
    /// Nanoseconds that it may take; nil for one that may take any time.
    let allowance: UInt64?
    /// Somebody waited for it in vain; clocks of different grain may not agree on it.
    var isLate = false
  }

  private struct State {
    var next: UInt64 = 0
    var underWay: [UInt64: Call] = [:]
  }

  private let asking: BlockingPool?
  private let working: BlockingPool?
  private let limit: Duration
  private let state = Mutex(State())

  /// Calls that run at once, on the caller's thread.
  package init() {
    asking = nil
    working = nil
    limit = .zero
  }

  /// Calls on threads of their own, for whose answers clients wait for `limit`; zero waits for ever.
  ///
  /// - Throws: `.system` when not even one thread can be started.
  package init(limit: Duration) throws(RingError) {
    self.limit = limit
    asking = try BlockingPool(name: "metastore", threads: Self.askThreadCount)
    working = try BlockingPool(
      name: "metastore-work", threads: Self.workThreadCount, niceness: Self.workNiceness)
  }

  /// Whether any call is out.
  var isBusy: Bool { state.withLock { !$0.underWay.isEmpty } }

  /// Whether the metastore owes an answer for longer than is right.
  package var isHung: Bool {
    let now = monotonicNow()
    return state.withLock { state in
      state.underWay.values.contains { call in
        guard !call.isLate else { return true }
        guard let allowance = call.allowance else { return false }
        return now > call.since && now - call.since > allowance
      }
    }
  }

  /// Looks something up for a client that waits.
  package func ask<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> MetastoreAnswer<T> {
    await call(on: asking, limit, body)
  }

  /// Does something larger for a client that waits; `isRead` for one whose read waits, which has less patience.
  package func perform<T: Sendable>(
    isRead: Bool = false, _ body: @escaping @Sendable () -> T
  ) async -> MetastoreAnswer<T> {
    await call(on: working, isRead ? limit : limit * Self.patience, body)
  }

  /// Does what nobody waits for; `isShort` for what has an end soon on a disk that answers.
  package func work<T: Sendable>(
    isShort: Bool = false, _ body: @escaping @Sendable () -> T
  ) async -> T {
    guard let working else { return body() }
    let number = begin(allowance: isShort && limit > .zero ? limit.nanoseconds : nil)
    return await working.run {
      defer { self.end(number) }
      return body()
    }
  }

  private func call<T: Sendable>(
    on pool: BlockingPool?, _ limit: Duration, _ body: @escaping @Sendable () -> T
  ) async -> MetastoreAnswer<T> {
    guard let pool else { return .value(body()) }
    guard limit > .zero else { return .value(await pool.run(body)) }
    if isHung { return .refused }
    let number = begin(allowance: limit.nanoseconds)
    let value = await Deadline.run(limit) {
      await pool.run {
        defer { self.end(number) }
        return body()
      }
    }
    if let value { return .value(value) }
    state.withLock { $0.underWay[number]?.isLate = true }
    return .late
  }

  private func begin(allowance: UInt64?) -> UInt64 {
    let now = monotonicNow()
    return state.withLock { state in
      state.next += 1
      state.underWay[state.next] = Call(since: now, allowance: allowance)
      return state.next
    }
  }

  private func end(_ number: UInt64) { state.withLock { $0.underWay[number] = nil } }

  /// Ends the threads; blocks until they did.
  ///
  /// Not while the metastore hangs.
  package func stop() {
    asking?.stop()
    working?.stop()
  }
}
