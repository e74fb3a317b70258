// The proxy's thread: epoll, moments, and the exchanges of all connections. Edge-triggered: after an event everything
// that can be done is done. One buffer is shared; a connection keeps bytes only while a socket does not take them, so that
// thousands of connections cost kilobytes each.

import CEpoll
import DaemonDriver
import Glibc
import Synchronization

/// All connections of one proxy.
// SAFETY: everything but `shared` is used on the proxy's thread alone; it is started after the initialiser.
@safe final class ProxyLoop: @unchecked Sendable {
  /// What other threads see.
  struct Shared {
    var settings = ProxySettings()
    var counters = ProxyCounters()
    /// Heads of the last requests.
    var requests: [ProxiedRequest] = []
    var waits = ArrivalWaits()
    var isStopping = false
  }

  static let requestsMax = 100_000

  let shared = Mutex(Shared())
  let port: UInt16
  let originPort: UInt16
  /// The settings as of this turn, this connection or this request.
  var settings = ProxySettings()
  var timers = TimerHeap()
  /// When the link that all share is free again.
  var linkTime: UInt64 = 0
  var now: UInt64 = 0
  var buffer = [UInt8](repeating: 0, count: 256 << 10)

  private let listener: Int32
  private let poller: Int32
  private let wake: Int32
  private var connections: [Int: ProxyConnection] = [:]
  private var nextID = 1

  init(originPort: UInt16) throws(DriverError) {
    Sockets.raiseDescriptorLimit()
    (listener, port) = try Sockets.listener()
    self.originPort = originPort
    poller = cepoll_create()
    wake = cepoll_event()
    guard poller >= 0, wake >= 0 else { throw DriverError.program("epoll: errno \(errno)") }
    watch(listener, 0)
    watch(wake, 1)
  }

  deinit {
    for descriptor in [listener, poller, wake] { close(descriptor) }
  }

  /// Ends the thread; called from another.
  func stop() {
    shared.withLock { $0.isStopping = true }
    var one: UInt64 = 1
    _ = unsafe write(wake, &one, 8)
  }

  /// Works until it is stopped.
  func run() {
    var tags = [UInt64](repeating: 0, count: 512)
    var gone = [UInt8](repeating: 0, count: 512)
    while true {
      let count = unsafe cepoll_wait(poller, &tags, &gone, waitTime())
      now = Self.clock()
      let isStopping = shared.withLock {
        settings = $0.settings
        return $0.isStopping
      }
      if isStopping { break }
      for index in 0..<max(0, Int(count)) {
        handle(tags[index], isGone: gone[index] != 0)
      }
      while let id = timers.pop(now) {
        if let connection = connections[id] { go(on: connection) }
      }
    }
    connections = [:]
  }

  private func waitTime() -> Int32 {
    guard let next = timers.next else { return -1 }
    // One reading: between two the moment may pass.
    let now = Self.clock()
    let rest = next > now ? next - now : 0
    return Int32(clamping: (rest + 999_999) / 1_000_000)
  }

  private func handle(_ tag: UInt64, isGone: Bool) {
    if tag == 0 { return acceptAll() }
    if tag == 1 {
      var value: UInt64 = 0
      _ = unsafe read(wake, &value, 8)
      return
    }
    guard let connection = connections[Int(tag >> 1)] else { return }
    if isGone, tag & 1 == 0, leaves(connection) { connection.end(withReset: false) }
    // An origin that ends a connection between two requests: the next one makes a new connection.
    if isGone, tag & 1 == 1, !connection.isInExchange { connection.closeOrigin() }
    go(on: connection)
  }

  /// Whether a client that hangs up ends its connection at once: it does unless a request of it may still be unread.
  private func leaves(_ connection: ProxyConnection) -> Bool {
    if case .requestHead = connection.phase { return false }
    return true
  }

  private func go(on connection: ProxyConnection) {
    pump(connection)
    guard case .closed = connection.phase else { return }
    if connections.removeValue(forKey: connection.id) != nil {
      finishExchange(connection)
      shared.withLock { $0.counters.openConnections -= 1 }
    }
  }

  private func acceptAll() {
    while let socket = Sockets.accept(listener) {
      // Whoever connects after a change of the weather meets the new one.
      settings = shared.withLock { $0.settings }
      let connection = ProxyConnection(id: nextID, client: socket)
      nextID += 1
      connections[connection.id] = connection
      shared.withLock {
        $0.counters.connections += 1
        $0.counters.openConnections += 1
      }
      watch(socket, UInt64(connection.id) << 1)
      go(on: connection)
    }
  }

  /// Watches a socket of a connection, edge-triggered.
  func watch(_ socket: Int32, _ tag: UInt64) {
    _ = cepoll_watch(poller, socket, tag, tag < 2 ? 0 : 1)
  }

  /// Marks the end of an exchange, whole or not.
  func finishExchange(_ connection: ProxyConnection) {
    guard connection.isInExchange else { return }
    connection.request = nil
    let bytes = connection.bodyCount
    connection.bodyCount = 0
    shared.withLock {
      $0.counters.inFlight -= 1
      $0.counters.bodyBytes += bytes
    }
  }

  /// Nanoseconds of the monotonic clock.
  static func clock() -> UInt64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
