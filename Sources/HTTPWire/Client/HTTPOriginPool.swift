// The connections of one ring to one origin: those put aside, the number open, and who waits for one.

import Ring

/// Connections to one origin.
///
/// Ring-confined.
final class HTTPOriginPool {
  /// What a wait for a connection comes to.
  enum Grant {
    /// A kept connection.
    case connection(HTTPClientConnection)
    /// The right to open one.
    case slot
    /// The deadline passed.
    case expired
    /// The ring stops.
    case stopped
  }

  /// One request that waits.
  @safe struct Waiter {
    let deadline: UInt64
    let continuation: UnsafeContinuation<Grant, Never>
  }

  let origin: HTTPOrigin
  /// Kept connections, the one put aside last at the end.
  var idle: [HTTPClientConnection] = []
  /// Connections open or being opened.
  var openCount = 0
  /// Connections opened so far; turns the order of addresses.
  var serial = 0
  /// The last ticket that its servers gave.
  var ticket: TLSTicket?
  private var waiters: [Waiter] = []

  init(origin: HTTPOrigin) { self.origin = origin }

  /// Requests that wait.
  var waiterCount: Int { waiters.count }

  /// Whether nothing is left of it.
  var isUnused: Bool { openCount == 0 && waiterCount == 0 }

  /// Waits for a connection or the right to open one, first come, first served.
  func wait(deadline: UInt64) async -> Grant {
    await unsafe withUnsafeContinuation { continuation in
      unsafe waiters.append(Waiter(deadline: deadline, continuation: continuation))
    }
  }

  /// Gives the first waiter `grant`; false when nobody waits.
  func give(_ grant: Grant) -> Bool {
    guard !waiters.isEmpty else { return false }
    unsafe waiters.removeFirst().continuation.resume(returning: grant)
    return true
  }

  /// Ends the waits whose deadline passed.
  func expireWaiters(now: UInt64) {
    guard waiters.contains(where: { $0.deadline <= now }) else { return }
    let late = waiters.filter { $0.deadline <= now }
    waiters.removeAll { $0.deadline <= now }
    late.forEach { unsafe $0.continuation.resume(returning: .expired) }
  }

  /// Ends every wait.
  func stopWaiters() {
    let all = waiters
    waiters = []
    all.forEach { unsafe $0.continuation.resume(returning: .stopped) }
  }
}
