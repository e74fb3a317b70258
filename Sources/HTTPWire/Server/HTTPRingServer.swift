// A server's part on one ring: accepting, the list of its connections, the sweep of expired ones, the drain.
//
// Everything here is confined to the ring's thread but the counters.

import CLinux
import Glibc
import Ring
import Synchronization

/// One ring's share of a server.
// SAFETY: created before use and then touched on the reactor's thread only, which every entry point checks; `counters` is
// Sendable by itself.
@safe final class HTTPRingServer: @unchecked Sendable {
  /// Time that aborted handlers get to notice before a drain gives up on them.
  private static let abortGrace: UInt64 = 1_000_000_000

  let reactor: Reactor
  let handler: any HTTPHandler
  let options: HTTPServerOptions
  let counters = HTTPServerCounters()
  /// Connections of all rings.
  let openCount: HTTPOpenCount

  var pool = HTTPBlockPool(blockSize: HTTPHeadWriter.blockSize, countMax: 256)
  var dateCache = HTTPDateCache()
  private(set) var isDraining = false

  private var listener: Listener?
  private var accepting: AcceptHandle?
  private var first: HTTPExchange?
  /// Connections whose descriptor is not closed yet.
  private var connectionCount = 0
  private var requestCount: UInt64 = 0
  private var sweeper: Task<Void, Never>?
  private var drainDeadline: UInt64?
  private var drainWaiter: UnsafeContinuation<Void, Never>?

  init(
    reactor: Reactor, handler: any HTTPHandler, options: HTTPServerOptions,
    listener: consuming Listener, openCount: HTTPOpenCount
  ) {
    self.reactor = reactor
    self.handler = handler
    self.options = options
    self.listener = consume listener
    self.openCount = openCount
  }

  /// Begins to accept.
  func start() {
    reactor.preconditionOnReactor()
    guard let listener = self.listener.take() else { return }
    accepting = reactor.accept(listener) { [unowned self] fd in take(fd) }
    self.listener = consume listener
  }

  /// A number for the next request of this ring.
  @inline(__always)
  func makeRequestID() -> UInt64 {
    requestCount &+= 1
    return UInt64(truncatingIfNeeded: reactor.index) << 48 | requestCount & 0xFFFF_FFFF_FFFF
  }

  // MARK: Connections

  /// Takes an accepted descriptor: a connection, or a refusal.
  private func take(_ fd: Int32) {
    guard !isDraining, openCount.open(limit: options.connectionCountMax) else {
      return refuse(fd)
    }
    counters.accepted.add()
    connectionCount += 1
    let exchange = HTTPExchange(fd: fd, ring: self)
    insert(exchange)
    startSweeping()
    // SAFETY: the exchange is confined to the reactor's thread, where the task runs.
    nonisolated(unsafe) let confined = exchange
    exchange.task = Task(executorPreference: reactor) { unsafe await confined.run() }
  }

  /// Tells a client that there is no room, without waiting, and closes.
  private func refuse(_ fd: Int32) {
    counters.connectionsRefused.add()
    let text: StaticString = """
      HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n\
      Content-Length: 34\r\nConnection: close\r\n\r\n{"message":"too many connections"}
      """
    // A socket that takes not even this gets nothing.
    _ = unsafe Glibc.send(
      fd, text.utf8Start, text.utf8CodeUnitCount,
      Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    _ = shutdown(fd, Int32(SHUT_WR))
    Glibc.close(fd)
  }

  private func insert(_ exchange: HTTPExchange) {
    exchange.next = first
    first?.previous = exchange
    first = exchange
  }

  /// Takes `exchange` off the list: its descriptor is about to be closed.
  func remove(_ exchange: HTTPExchange) {
    if let previous = exchange.previous {
      previous.next = exchange.next
    } else {
      first = exchange.next
    }
    exchange.next?.previous = exchange.previous
    exchange.previous = nil
    exchange.next = nil
  }

  /// Notes that a connection's descriptor was closed.
  func closed() {
    connectionCount -= 1
    openCount.close()
    counters.closed.add()
    if connectionCount == 0, isDraining { finishDrain() }
  }

  // MARK: Timeouts

  /// Starts the sweep unless it runs; it parks when there is no connection.
  private func startSweeping() {
    guard sweeper == nil else { return }
    sweeper = Task(executorPreference: reactor) {
      while self.connectionCount > 0, await self.reactor.sleep(for: self.options.sweepInterval) {
        self.sweep()
      }
      self.sweeper = nil
    }
  }

  /// Shuts down every connection whose time has run out.
  private func sweep() {
    let now = reactor.now
    var current = first
    var waiting: [HTTPExchange] = []
    while let exchange = current {
      current = exchange.next
      check(exchange, now: now)
      if isWaiting(exchange, now: now) { waiting.append(exchange) }
    }
    lookForDepartures(waiting, now: now)
    guard let drainDeadline else { return }
    if now >= drainDeadline &+ Self.abortGrace {
      finishDrain()
    } else if now >= drainDeadline {
      abortAll()
    }
  }

  /// Expires `exchange` if it stayed in its phase for too long without progress.
  private func check(_ exchange: HTTPExchange, now: UInt64) {
    guard let limit = options.timeout(of: exchange.phase) else { return }
    let elapsed = now &- min(exchange.phaseStart, now)
    guard elapsed >= limit / 2 else { return }
    let isTransfer = exchange.phase == .body || exchange.phase == .send
    if isTransfer, exchange.markStart != exchange.phaseStart {
      exchange.mark = TCPProgress.movedCount(exchange.fd)
      exchange.markStart = exchange.phaseStart
    }
    guard elapsed >= limit else { return }
    if isTransfer, TCPProgress.movedCount(exchange.fd) &- exchange.mark >= options.progressSizeMin {
      exchange.phaseStart = now
      return
    }
    expire(exchange)
  }

  /// Ends what `exchange` waits for; its task sees the end and does the rest.
  private func expire(_ exchange: HTTPExchange) {
    counters.countExpiry(exchange.phase)
    exchange.expiredPhase = exchange.phase
    // A client that is late with its request is still told so.
    let isTold = exchange.phase == .head || exchange.phase == .body
    _ = shutdown(exchange.fd, Int32(isTold ? SHUT_RD : SHUT_RDWR))
    exchange.phaseStart = reactor.now
  }

  // MARK: Drain

  /// Stops accepting, ends idle connections, and waits for the others; after `limit` they are cut.
  ///
  /// Returns the number of connections that did not end even then.
  func drain(within limit: Duration) async -> Int {
    reactor.preconditionOnReactor()
    guard !isDraining else { return connectionCount }
    isDraining = true
    await accepting?.stop()
    accepting = nil
    listener = nil
    drainDeadline = reactor.now &+ min(limit.nanoseconds, UInt64(Int64.max))
    var current = first
    while let exchange = current {
      current = exchange.next
      if exchange.isQuiet { _ = shutdown(exchange.fd, Int32(SHUT_RDWR)) }
    }
    if connectionCount > 0 {
      await unsafe withUnsafeContinuation { unsafe drainWaiter = unsafe $0 }
    } else {
      sweeper?.cancel()
    }
    return connectionCount
  }

  /// Cuts every connection that is left.
  private func abortAll() {
    var current = first
    while let exchange = current {
      current = exchange.next
      if !exchange.isAborted { counters.abortedByDrain.add() }
      exchange.isAborted = true
      _ = shutdown(exchange.fd, Int32(SHUT_RDWR))
    }
  }

  /// Lets `drain` return.
  private func finishDrain() {
    sweeper?.cancel()
    let waiter = unsafe drainWaiter
    unsafe drainWaiter = nil
    unsafe waiter?.resume()
  }
}
