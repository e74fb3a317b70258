// One ring's part of a client: its connections by origin, its sweep of waits, its memory for heads.

import Glibc
import Ring
import Synchronization

/// Connections of one ring.
// SAFETY: confined to its reactor's thread, but for counters and the reactor's name in a mutex.
@safe final class HTTPClientRing: @unchecked Sendable {
  /// Most candidates but the last get no more time to answer than this.
  private static let attemptTimeout = Duration.seconds(2)

  /// Most origins without a connection that are remembered for their tickets.
  private static let ticketCountMax = 64

  let options: HTTPClientOptions
  let resolver: HostResolver
  let counters = HTTPClientCounters()
  let tls: TLSContext
  var blocks = HTTPBlockPool(blockSize: 16 << 10, countMax: 64)
  private let shared = Mutex<Reactor?>(nil)
  private var attached: Reactor?
  private var pools: [HTTPOrigin: HTTPOriginPool] = [:]
  private var busy: [HTTPClientConnection] = []
  private var idleCount = 0
  private var waiterCount = 0
  /// Addresses that failed, and until when they are tried last.
  private var penalties: [SocketAddress: UInt64] = [:]
  private var sweeper: Task<Void, Never>?
  private var idleSweeper: Task<Void, Never>?

  init(options: HTTPClientOptions, resolver: HostResolver, tls: TLSContext) {
    self.options = options
    self.resolver = resolver
    self.tls = tls
  }

  /// The reactor it lives on.
  var reactor: Reactor {
    guard let attached else { preconditionFailure("a ring is used after it was attached") }
    return attached
  }

  /// Ties it to the reactor that calls.
  func attach(_ reactor: Reactor) {
    if attached === reactor { return }
    precondition(attached == nil, "a ring's connections stay on one reactor")
    attached = reactor
    shared.withLock { $0 = reactor }
  }

  // MARK: Taking and giving back

  /// A connection to `origin`: a kept one, or a new one, when it is this request's turn.
  func acquire(
    _ origin: HTTPOrigin, deadline: UInt64
  ) async throws(HTTPClientError) -> HTTPClientConnection {
    let pool = pool(of: origin)
    while let connection = pool.idle.popLast() {
      idleCount -= 1
      if connection.isQuiet { return connection }
      discard(connection)
    }
    // The pool may have gone with its last connection.
    pools[origin] = pool
    if pool.openCount < options.connectionsPerOrigin {
      pool.openCount += 1
    } else if let connection = try await waitForTurn(pool, deadline) {
      return connection
    }
    return try await open(pool, deadline: deadline)
  }

  /// Waits for a kept connection, or (nil) for the right to open one.
  private func waitForTurn(
    _ pool: HTTPOriginPool, _ deadline: UInt64
  ) async throws(HTTPClientError) -> HTTPClientConnection? {
    counters.waits.add()
    waiterCount += 1
    startSweeping()
    let grant = await pool.wait(deadline: deadline)
    waiterCount -= 1
    switch grant {
    case .connection(let connection): return connection
    case .slot: return nil
    case .expired:
      counters.timeouts.add()
      throw HTTPClientError(
        .timeout, pool.origin, "the deadline passed while every connection was busy",
        sentNothing: true)
    case .stopped:
      throw HTTPClientError(.stopped, pool.origin, "the ring stops", sentNothing: true)
    }
  }

  /// Takes back a connection whose exchange is over and that can serve another.
  func keep(_ connection: HTTPClientConnection) {
    removeBusy(connection)
    connection.deadline = .max
    connection.input.release(to: &blocks)
    connection.keepTicket()
    connection.tls?.rest()
    if connection.pool.give(.connection(connection)) { return }
    connection.idleStart = reactor.now
    connection.pool.idle.append(connection)
    idleCount += 1
    startIdleSweeping()
  }

  /// Closes a connection and lets another take its place.
  func discard(_ connection: HTTPClientConnection) {
    connection.close()
    releaseSlot(connection.pool)
  }

  /// Gives the place of a connection that is no more to the next request, if one waits.
  private func releaseSlot(_ pool: HTTPOriginPool) {
    if pool.give(.slot) { return }
    pool.openCount -= 1
    // A ticket is worth a place, within reason.
    if pool.isUnused, pool.ticket == nil || pools.count > Self.ticketCountMax {
      pools[pool.origin] = nil
    }
  }

  private func pool(of origin: HTTPOrigin) -> HTTPOriginPool {
    if let pool = pools[origin] { return pool }
    let pool = HTTPOriginPool(origin: origin)
    pools[origin] = pool
    return pool
  }

  // MARK: Opening

  /// Opens a connection in a place that the caller holds; the place is given up when that fails.
  func open(
    _ pool: HTTPOriginPool, deadline: UInt64
  ) async throws(HTTPClientError) -> HTTPClientConnection {
    do throws(HTTPClientError) {
      return try await connect(pool, deadline)
    } catch {
      releaseSlot(pool)
      throw error
    }
  }

  /// Tries the addresses of the origin, or of its proxy, in turn.
  private func connect(
    _ pool: HTTPOriginPool, _ deadline: UInt64
  ) async throws(HTTPClientError) -> HTTPClientConnection {
    let origin = pool.origin
    let host = options.proxy?.host ?? origin.host
    let addresses = try await addresses(of: host, for: pool, deadline)
    var errno: Int32 = 0
    for (index, address) in addresses.enumerated() {
      let now = reactor.now
      guard now < deadline else { break }
      let isLast = index == addresses.count - 1
      let patience =
        isLast ? options.connectTimeout : min(options.connectTimeout, Self.attemptTimeout)
      let limit = min(patience.nanoseconds, deadline - now)
      let fd = await reactor.connect(
        to: address, within: .nanoseconds(Int64(clamping: limit)))
      guard fd < 0 else {
        penalties[address] = nil
        counters.opened.add()
        let connection = HTTPClientConnection(ring: self, pool: pool, fd: fd, address: address)
        if origin.isSecure { try await secure(connection, deadline) }
        return connection
      }
      errno = -fd
      counters.connectFailures.add()
      penalize(address)
    }
    guard reactor.now < deadline else {
      counters.timeouts.add()
      throw HTTPClientError(
        .timeout, origin, "the deadline passed while connecting", sentNothing: true)
    }
    throw HTTPClientError(
      .connect, origin, "none of \(addresses.count) addresses took a connection", errno: errno,
      sentNothing: true)
  }

  /// The addresses of `host`: those that worked last in turn, then those that failed lately.
  private func addresses(
    of host: String, for pool: HTTPOriginPool, _ deadline: UInt64
  ) async throws(HTTPClientError) -> [SocketAddress] {
    let texts: [String]
    do throws(HostResolver.Failure) {
      texts = try await resolver.resolve(host, deadline: deadline)
    } catch {
      if error.isExpired { counters.timeouts.add() }
      throw HTTPClientError(
        error.isExpired ? .timeout : .resolve, pool.origin, "\(host): \(error.detail)",
        sentNothing: true)
    }
    let now = reactor.now
    let port = options.proxy?.port ?? pool.origin.port
    let all = texts.map { SocketAddress.ip($0, port: port) }.filter(\.isValid)
    let good = all.filter { penalties[$0, default: 0] <= now }
    let bad = all.filter { penalties[$0, default: 0] > now }
    guard !good.isEmpty else { return bad }
    pool.serial &+= 1
    let turn = (pool.serial &- 1) % good.count
    return Array(good[turn...] + good[..<turn]) + bad
  }

  private func penalize(_ address: SocketAddress) {
    let now = reactor.now
    if penalties.count >= 1024 { penalties = penalties.filter { $0.value > now } }
    penalties[address] = now &+ options.addressPenalty.nanoseconds
  }

  // MARK: Sweeping

  /// Watches the waits of `connection` until `removeBusy`.
  func insertBusy(_ connection: HTTPClientConnection) {
    precondition(connection.busyIndex < 0, "a connection is busy once")
    connection.busyIndex = busy.count
    busy.append(connection)
    startSweeping()
  }

  /// Stops watching `connection`.
  func removeBusy(_ connection: HTTPClientConnection) {
    let index = connection.busyIndex
    guard index >= 0 else { return }
    connection.busyIndex = -1
    let last = busy.removeLast()
    if last !== connection {
      busy[index] = last
      last.busyIndex = index
    }
  }

  private func startSweeping() {
    guard sweeper == nil else { return }
    let reactor = reactor
    sweeper = Task(executorPreference: reactor) { [self] in
      while !busy.isEmpty || waiterCount > 0 {
        guard await reactor.sleep(for: options.sweepInterval) else {
          // The ring stops: nobody is left to hand a connection over.
          for pool in pools.values { pool.stopWaiters() }
          break
        }
        let now = reactor.now
        for connection in busy { connection.check(now: now) }
        guard waiterCount > 0 else { continue }
        for pool in pools.values where pool.waiterCount > 0 { pool.expireWaiters(now: now) }
      }
      sweeper = nil
    }
  }

  private func startIdleSweeping() {
    guard idleSweeper == nil else { return }
    let reactor = reactor
    let interval = min(max(options.idleTimeout / 4, .milliseconds(10)), .seconds(1))
    idleSweeper = Task(executorPreference: reactor) { [self] in
      while idleCount > 0 {
        let isStopping = await !reactor.sleep(for: interval)
        closeIdle(since: isStopping ? .max : reactor.now)
        if isStopping { break }
      }
      idleSweeper = nil
    }
  }

  /// Closes kept connections put aside `idleTimeout` before `now`; those of all times with `UInt64.max`.
  private func closeIdle(since now: UInt64) {
    let limit = options.idleTimeout.nanoseconds
    for pool in Array(pools.values) {
      let old = pool.idle.filter { now &- min($0.idleStart, now) >= limit || now == .max }
      guard !old.isEmpty else { continue }
      pool.idle.removeAll { connection in old.contains { $0 === connection } }
      idleCount -= old.count
      for connection in old { discard(connection) }
    }
  }

  /// Closes every kept connection soon; callable from anywhere.
  func closeIdle() {
    guard let reactor = shared.withLock({ $0 }) else { return }
    reactor.spawn { self.closeIdle(since: .max) }
  }
}
