// The connections of one ring, and the timer that ends leases.

import LocalWire
import Ring

/// What one ring has of the short-circuit server; confined to it.
// SAFETY: everything mutable is used by tasks of one reactor.
final class ShortCircuitRing: @unchecked Sendable {
  /// Bytes of large answers that may be on their way on a ring.
  private static let replyBytesMax = 64 << 20
  /// Shortest sleep of a timer: one wake-up ends what would have ended in as much time behind it.
  private static let sleepMin: UInt64 = 20_000_000
  /// The same for the timer of leases, which looks at every connection: a part of the term, so that it costs next to nothing
  /// while a thousand clients rest.
  private let leaseSleepMin: UInt64

  let shared: ShortCircuitShared
  let reactor: Reactor
  /// Memory made ahead for the next client.
  let spares: SpareMemory
  private var connections: [ObjectIdentifier: LocalConnection] = [:]
  /// Connections that have ended and whose last bytes are on their way.
  private var ending: [ObjectIdentifier: LocalConnection] = [:]
  private var replyBytes = 0
  private var queuedBytes = 0
  private var isTiming = false
  /// Connections that were to say HELLO, in the order of their limits; also some that have.
  private var ungreeted: [(connection: WeakConnection, deadline: UInt64)] = []
  private var isAwaitingHello = false
  private var isAwaitingFrames = false

  private struct WeakConnection {
    weak var value: LocalConnection?
  }

  /// No connections yet.
  init(_ shared: ShortCircuitShared, _ reactor: Reactor) {
    self.shared = shared
    self.reactor = reactor
    spares = SpareMemory(reactor)
    leaseSleepMin = min(
      500_000_000, max(Self.sleepMin, shared.settings.term.nanoseconds / 64))
  }

  /// Serves the connection accepted as `fd` until it ends.
  func serve(
    _ fd: Int32, _ peer: LocalPeer, _ account: UserAccount, _ mode: WelcomeFrame.Mode
  ) async {
    let connection = LocalConnection(fd, peer, account, mode, self)
    connections[ObjectIdentifier(connection)] = connection
    await connection.run()
    ending[ObjectIdentifier(connection)] = nil
  }

  /// Forgets a connection that has ended.
  func remove(_ connection: LocalConnection) {
    connections[ObjectIdentifier(connection)] = nil
    ending[ObjectIdentifier(connection)] = connection
  }

  /// Ends those whose clients do not take their last bytes.
  func cut() { for connection in ending.values { connection.cut() } }

  /// Connections now.
  var count: Int { connections.count }

  /// The connections now.
  var all: [LocalConnection] { Array(connections.values) }

  /// Counts bytes of an answer; false when too many are on their way.
  func takeReplyBytes(_ count: Int) -> Bool {
    guard replyBytes + count <= Self.replyBytesMax else { return false }
    replyBytes += count
    return true
  }

  /// Takes bytes of an answer off.
  func giveBackReplyBytes(_ count: Int) { replyBytes -= count }

  /// Counts bytes that wait for a client; false when all clients leave too many.
  func queue(_ count: Int) -> Bool {
    queuedBytes += count
    shared.counters.count(.queuedBytes, count)
    return queuedBytes <= shared.settings.queuedBytesMax
  }

  /// Takes bytes off that went.
  func unqueue(_ count: Int) {
    queuedBytes -= count
    shared.counters.uncount(.queuedBytes, count)
  }

  // MARK: Time

  /// Ends `connection` unless its client says HELLO in time.
  ///
  /// One timer for all: a thousand clients that came at once are one wake-up, not a thousand.
  func awaitHello(of connection: LocalConnection) {
    let limit = UInt64(clamping: shared.settings.helloTimeout.nanoseconds)
    ungreeted.append((WeakConnection(value: connection), reactor.now &+ limit))
    guard !isAwaitingHello else { return }
    isAwaitingHello = true
    reactor.spawn { [self] in
      while let next = ungreeted.first?.deadline {
        let wait = max(next > reactor.now ? next - reactor.now : 0, Self.sleepMin)
        guard await reactor.sleep(for: .nanoseconds(Int64(clamping: wait))) else { break }
        endUngreeted()
      }
      isAwaitingHello = false
    }
  }

  /// Ends those that are late, and forgets them and the first ones that have said HELLO.
  private func endUngreeted() {
    let now = reactor.now
    let count =
      ungreeted.firstIndex { entry in
        entry.deadline > now && entry.connection.value?.state == .greeting
      } ?? ungreeted.count
    let gone = ungreeted.prefix(count)
    ungreeted.removeFirst(count)
    for entry in gone { entry.connection.value?.endUngreeted() }
  }

  /// Looks after connections with a frame that has not come whole, as long as there are any.
  func awaitFrames() {
    guard !isAwaitingFrames else { return }
    isAwaitingFrames = true
    let pause = max(shared.settings.frameTimeout.nanoseconds / 4, Self.sleepMin)
    reactor.spawn { [self] in
      while connections.values.contains(where: { $0.frameBegunAt != nil }) {
        guard await reactor.sleep(for: .nanoseconds(Int64(clamping: pause))) else { break }
        for connection in all { connection.endUnfinished(now: reactor.now) }
      }
      isAwaitingFrames = false
    }
  }

  /// Says that a lease was given: the timer runs while there are any.
  @inline(__always)
  func noteLease() {
    if !isTiming { startTimer() }
  }

  private func startTimer() {
    isTiming = true
    reactor.spawn { [self] in
      while let next = connections.values.compactMap({ $0.book?.nextDeadline }).min(), next < .max {
        let wait = max(next > reactor.now ? next - reactor.now : 0, leaseSleepMin)
        guard await reactor.sleep(for: .nanoseconds(Int64(clamping: wait))) else { break }
        for connection in all { connection.expire(now: reactor.now) }
      }
      isTiming = false
    }
  }
}
