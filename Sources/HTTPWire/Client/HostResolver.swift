// From names to addresses: getaddrinfo on the blocking pool, one question per name in flight, answers kept for a while.
//
//   resolve ──fresh entry──▶ its addresses
//           ──none────────▶ ask once, all who want the name wait ──▶ answer: kept 30 s · failure: kept 1 s
//
// An answer that cannot be renewed is used for some minutes longer: a name server that is down takes no store with it.

package import Ring
import Synchronization

/// Finds the addresses of hosts; shared by every ring of a process.
package final class HostResolver: Sendable {
  /// How long answers are kept.
  package struct Options: Sendable {
    /// Life of an answer.
    package var timeToLive = Duration.seconds(30)
    /// Life of a failure.
    package var failureTimeToLive = Duration.seconds(1)
    /// How long an old answer stands in for a failure.
    package var staleTime = Duration.seconds(300)
    /// Most names remembered.
    package var entryCountMax = 4096

    /// Options with defaults for everything.
    package init() {}
  }

  /// Why a name has no address; one line.
  package struct Failure: Error, Sendable, Hashable {
    /// What the resolver of the system said.
    package let detail: String
    /// Whether the question itself ran out of time.
    package let isExpired: Bool

    /// A failure of its parts.
    package init(_ detail: String, isExpired: Bool = false) {
      self.detail = detail
      self.isExpired = isExpired
    }
  }

  /// Asks for the numeric addresses of a name, in the order to try them; may block.
  package typealias Lookup = @Sendable (String) -> Result<[String], Failure>

  private typealias Answer = Result<[String], Failure>

  /// What is known of one name.
  @safe private struct Entry {
    var addresses: [String] = []
    var failure: Failure?
    /// When to ask again; 0 when nothing is known yet.
    var expiry: UInt64 = 0
    /// Until when `addresses` stand in for a failure.
    var staleUntil: UInt64 = 0
    var isAsking = false
    var waiters: [UInt64: UnsafeContinuation<Answer, Never>] = unsafe [:]
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var nextWaiter: UInt64 = 0
  }

  /// Where names are asked for.
  let pool: BlockingPool
  private let options: Options
  private let clock: @Sendable (Reactor) -> UInt64
  private let lookup: Lookup
  private let state = Mutex(State())

  /// A resolver that asks on `pool`, by getaddrinfo unless `lookup` is another way.
  ///
  /// `clock` tells the nanoseconds that answers age by.
  package init(
    pool: BlockingPool, options: Options = Options(),
    lookup: @escaping Lookup = { systemAddresses(of: $0) },
    clock: @escaping @Sendable (Reactor) -> UInt64 = { $0.now }
  ) {
    self.pool = pool
    self.options = options
    self.clock = clock
    self.lookup = lookup
  }

  /// The addresses of `host`, at least one; those of a numeric address are itself.
  ///
  /// Called on a reactor's thread; suspends unless the answer is known.
  ///
  /// - Throws: What the system's resolver said, or that `deadline` (in `reactor.now`'s scale) passed.
  package func resolve(_ host: String, deadline: UInt64) async throws(Failure) -> [String] {
    guard let reactor = Reactor.current else {
      preconditionFailure("names are resolved on a reactor's thread")
    }
    if SocketAddress.ip(host, port: 0).isValid { return [host] }
    if let known = known(host, now: clock(reactor)) { return try known.get() }
    guard reactor.now < deadline else { throw Failure("no time left to ask", isExpired: true) }
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    let timer =
      deadline == .max
      ? nil
      : Task(executorPreference: reactor) { [self] in
        let time = Duration.nanoseconds(Int64(clamping: deadline - min(deadline, reactor.now)))
        if await reactor.sleep(for: time) { expire(host, id) }
      }
    defer { timer?.cancel() }
    let answer: Answer = await unsafe withUnsafeContinuation { continuation in
      let mustAsk = state.withLock { state in
        unsafe state.entries[host, default: Entry()].waiters[id] = unsafe continuation
        defer { state.entries[host]?.isAsking = true }
        return state.entries[host]?.isAsking == false
      }
      if mustAsk { ask(host, reactor) }
    }
    return try answer.get()
  }

  /// Forgets every answer that nobody is waiting for.
  package func forget() {
    state.withLock { state in state.entries = state.entries.filter { $0.value.isAsking } }
  }

  /// The answer or failure that is still fresh, if any.
  private func known(_ host: String, now: UInt64) -> Answer? {
    state.withLock { state in
      guard let entry = state.entries[host], entry.expiry > now else { return nil }
      if !entry.addresses.isEmpty { return .success(entry.addresses) }
      return entry.failure.map { .failure($0) }
    }
  }

  private func ask(_ host: String, _ reactor: Reactor) {
    reactor.spawn { [self] in
      let answer = await pool.run { [lookup] in lookup(host) }
      settle(host, answer, now: clock(reactor))
    }
  }

  /// Keeps an answer and hands it to all who wait for it.
  private func settle(_ host: String, _ answer: Answer, now: UInt64) {
    let (waiters, outcome) = unsafe state.withLock { state in
      var entry = state.entries[host] ?? Entry()
      var outcome = answer
      switch answer {
      case .success(let addresses) where !addresses.isEmpty:
        entry.addresses = addresses
        entry.failure = nil
        entry.expiry = now &+ options.timeToLive.nanoseconds
        entry.staleUntil = entry.expiry &+ options.staleTime.nanoseconds
      case .success, .failure:
        entry.expiry = now &+ options.failureTimeToLive.nanoseconds
        if entry.staleUntil > now {
          outcome = .success(entry.addresses)
        } else {
          let failure = Self.failure(answer)
          (entry.addresses, entry.failure) = ([], failure)
          outcome = .failure(failure)
        }
      }
      let waiters = unsafe entry.waiters
      unsafe entry.waiters = unsafe [:]
      entry.isAsking = false
      state.entries[host] = entry
      Self.trim(&state, keeping: host, max: options.entryCountMax, now: now)
      return unsafe (waiters, outcome)
    }
    unsafe waiters.values.forEach { unsafe $0.resume(returning: outcome) }
  }

  private static func failure(_ answer: Answer) -> Failure {
    if case .failure(let failure) = answer { failure } else { Failure("the name has no address") }
  }

  /// Keeps the number of names bounded: those past their time go first, then any.
  private static func trim(_ state: inout State, keeping host: String, max: Int, now: UInt64) {
    guard state.entries.count > max else { return }
    state.entries = state.entries.filter {
      $0.key == host || $0.value.isAsking || $0.value.staleUntil > now
    }
    guard state.entries.count > max else { return }
    state.entries = state.entries.filter { $0.key == host || $0.value.isAsking }
  }

  /// Ends one wait at its deadline; the question goes on for the others.
  private func expire(_ host: String, _ id: UInt64) {
    let waiter = unsafe state.withLock { unsafe $0.entries[host]?.waiters.removeValue(forKey: id) }
    unsafe waiter?.resume(
      returning: .failure(Failure("the deadline passed while asking", isExpired: true)))
  }
}
