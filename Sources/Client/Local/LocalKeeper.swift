// One thread for all connections of the process: it hears what workers say unasked, and renews leases that are in use.
//
//   a connection that is used   its readers hear the pushes; the keeper looks again 100 ms behind the last thing they heard
//   one that is not             the keeper sleeps in poll(2) until the worker says something or a renewal is due
//   a new one                   the keeper is not woken: an alarm rings when it is no longer new
//
// Whoever connects waits for its first bytes, and has better use for a CPU than to let the keeper hear of it.

import CLinux
import Glibc
import LocalWire
import Ring
import Synchronization

/// The thread behind the connections of a process.
@safe final class LocalKeeper: @unchecked Sendable {
  // SAFETY: `connections`, `watched` and `isAlarmSet` are touched with the monitor held; the descriptors never change.

  /// How long a connection counts as used.
  private static let recent: UInt64 = 100_000_000

  // SAFETY: replaced only with `gate` held, or in a child that has one thread.
  nonisolated(unsafe) private static var current: LocalKeeper?
  private static let gate = Monitor()
  private static let isWatching: Bool = {
    pthread_atfork(
      { LocalKeeper.gate.lock() }, { LocalKeeper.gate.unlock() },
      {
        // The thread did not follow: the next connection of the child starts another.
        unsafe LocalKeeper.current = nil
        LocalKeeper.gate.unlock()
      })
    return true
  }()

  private let monitor = Monitor()
  private var connections: [LocalConnection] = []
  /// Those that the keeper had before it when it went to sleep.
  private var watched: [LocalConnection] = []
  /// Rings at once, by whoever wants the keeper.
  private let bell: Int32
  /// Rings for connections that were added, a while later.
  private let alarm: Int32
  private var isAlarmSet = false

  /// A keeper without a thread.
  ///
  /// - Throws: `system` when the kernel has no descriptors for it.
  private init() throws(ClientError) {
    bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard bell >= 0 else { throw .system("eventfd", errno) }
    alarm = pen_timer_create()
    guard alarm >= 0 else { throw .system("timerfd_create", -alarm) }
  }

  deinit {
    // Of one that could not be made, too.
    close(bell)
    if alarm >= 0 { close(alarm) }
  }

  /// Starts the thread unless it runs already.
  static func prepare() throws(ClientError) { _ = try running() }

  private static func running() throws(ClientError) -> LocalKeeper {
    _ = isWatching
    gate.lock()
    defer { gate.unlock() }
    if let keeper = unsafe current { return keeper }
    let keeper = try LocalKeeper()
    try keeper.start()
    unsafe current = keeper
    return keeper
  }

  /// Begins to look after `connection`, a little later.
  static func add(_ connection: LocalConnection) throws(ClientError) {
    let keeper = try running()
    let isFirst = keeper.monitor.withLock {
      keeper.connections.append(connection)
      defer { keeper.isAlarmSet = true }
      return !keeper.isAlarmSet
    }
    if isFirst, pen_timer_set(keeper.alarm, recent) != 0 { keeper.ring() }
    // It may have ended before it was there to be forgotten.
    if connection.hasEnded.load(ordering: .relaxed) { forget(connection) }
  }

  /// Looks after `connection` no more, which has ended: its memory is its owner's to free.
  static func forget(_ connection: LocalConnection) {
    gate.lock()
    let keeper = unsafe current
    gate.unlock()
    guard let keeper else { return }
    let isWatched = keeper.monitor.withLock {
      keeper.connections.removeAll { $0 === connection }
      return keeper.watched.contains { $0 === connection }
    }
    if isWatched { keeper.ring() }
  }

  /// Whether the keeper has begun to look after `connection`.
  static func watches(_ connection: LocalConnection) -> Bool {
    gate.lock()
    let keeper = unsafe current
    gate.unlock()
    return keeper?.monitor.withLock { keeper?.watched.contains { $0 === connection } } == true
  }

  /// Has the keeper look at `connection` soon: views began.
  static func wake(_ connection: LocalConnection) {
    guard connection.viewCount.load(ordering: .relaxed) == 1 else { return }
    gate.lock()
    let keeper = unsafe current
    gate.unlock()
    keeper?.ring()
  }

  private func ring() {
    var one: UInt64 = 1
    unsafe write(bell, &one, 8)
  }

  private func start() throws(ClientError) {
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    // Signals are for the program's own threads.
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    // SAFETY: the thread takes what is retained for it here.
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<LocalKeeper>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context)
    guard code == 0 else {
      unsafe Unmanaged<LocalKeeper>.fromOpaque(context).release()
      throw .system("pthread_create", code)
    }
    pthread_detach(thread)
  }

  /// Never ends: an idle keeper sleeps without a timeout.
  private func run() {
    while true {
      // What is let go may unmap memory: not with the monitor held.
      var gone: [LocalConnection] = []
      let all = monitor.withLock { () -> [LocalConnection] in
        swap(&gone, &watched)
        watched = connections
        // Whoever is added from now on is not among them.
        isAlarmSet = false
        return connections
      }
      gone = []
      for connection in sleep(all) { connection.keep() }
    }
  }

  /// Sleeps until a connection that nobody uses has news, one is due, or one was added; returns those with news or due.
  private func sleep(_ all: [LocalConnection]) -> [LocalConnection] {
    let now = monotonicNow()
    var polled = [bell, alarm].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    var places: [Int?] = []
    var wake = UInt64.max
    for connection in all {
      let heardAt = connection.heardAt
      if now &- heardAt < Self.recent {
        wake = min(wake, heardAt &+ Self.recent)
        places.append(nil)
      } else {
        places.append(polled.count)
        polled.append(
          pollfd(fd: connection.stream.descriptor, events: Int16(POLLIN), revents: 0))
      }
      wake = min(wake, connection.renewalDue)
    }
    let limit: Int32 =
      wake == .max ? -1 : wake <= now ? 0 : Int32(clamping: (wake - now) / 1_000_000 + 1)
    unsafe poll(&polled, nfds_t(polled.count), limit)
    var count: UInt64 = 0
    unsafe read(bell, &count, 8)
    unsafe read(alarm, &count, 8)
    let then = monotonicNow()
    return zip(all, places).compactMap { connection, place in
      let hasNews = place.map { polled[$0].revents != 0 } ?? false
      return hasNews || connection.renewalDue <= then ? connection : nil
    }
  }
}

extension LocalConnection {
  /// When the worker was heard last.
  fileprivate var heardAt: UInt64 { monitor.withLock { state.heardAt } }

  /// When leases in use must be renewed; never while none are.
  fileprivate var renewalDue: UInt64 {
    guard viewCount.load(ordering: .relaxed) > 0 || registry.count > 0 else { return .max }
    return monitor.withLock { state.renewAt }
  }

  /// Reads what came unasked, and renews what is due.
  fileprivate func keep() {
    monitor.lock()
    if state.failure == nil, !state.isReading {
      state.isReading = true
      monitor.unlock()
      let failure = read(waits: false)
      monitor.lock()
      finishReading(failure)
    }
    let now = monotonicNow()
    monitor.unlock()
    guard now >= renewalDue else { return }
    let everything = isUsed.exchange(false, ordering: .relaxed)
    let marks = everything ? [] : registry.viewed
    monitor.lock()
    state.renewAt = now &+ UInt64(max(welcome.term, 30)) * 1_000_000 / 3
    let isFree = state.failure == nil && state.tickets.count < Int(welcome.requests)
    monitor.unlock()
    guard isFree, everything || !marks.isEmpty else { return }
    do throws(ClientError) {
      unsafe try submit([(.renew(Array(marks.prefix(8000))), LocalTicket("renewal"))])
    } catch {
      // The connection has ended, which every user of it learns.
      fail(error)
    }
  }
}
