// Settings of a server.

package import Ring

/// Settings of a server: where it listens, and the bounds of what a client may take.
package struct HTTPServerOptions: Sendable {
  /// Where to listen; port 0 lets the kernel choose.
  package var address: SocketAddress
  /// Connections that may wait to be accepted, per ring.
  package var backlog: Int32 = 4096
  /// Bounds of a request head: 431.
  package var headLimits = HTTPHeadLimits()
  /// Largest request body in bytes: 413.
  package var bodySizeMax: Int64 = .max
  /// Most connections open at once, all rings together: 503.
  package var connectionCountMax = 65_536
  /// Longest wait for a request on a kept connection.
  package var idleTimeout = Duration.seconds(75)
  /// Longest time from a connection's or request's first byte to the end of its head: 408.
  package var headTimeout = Duration.seconds(30)
  /// Longest time without progress of a request body: 408.
  package var bodyTimeout = Duration.seconds(60)
  /// Longest time without progress of a response.
  package var sendTimeout = Duration.seconds(60)
  /// Longest wait for a client to notice that its connection ends.
  package var lingerTimeout = Duration.seconds(2)
  /// Bytes that count as progress of a body or a response within its timeout.
  package var progressSizeMin: UInt64 = 1024
  /// Most bytes of an unread request body that are read and dropped to keep a connection.
  package var unreadBodySizeMax: Int64 = 256 << 10

  /// Settings with defaults for everything but the `address`.
  package init(address: SocketAddress) { self.address = address }

  /// How often expired connections are looked for: a quarter of the shortest timeout, between 5 ms and 250 ms.
  var sweepInterval: Duration {
    let shortest = min(
      min(idleTimeout, headTimeout), min(bodyTimeout, sendTimeout), lingerTimeout)
    return min(max(shortest / 4, .milliseconds(5)), .milliseconds(250))
  }

  /// Longest stay in `phase` in nanoseconds without progress; nil when only the handler decides.
  func timeout(of phase: HTTPPhase) -> UInt64? {
    switch phase {
    case .idle: idleTimeout.nanoseconds
    case .head: headTimeout.nanoseconds
    case .handling: nil
    case .body: bodyTimeout.nanoseconds
    case .send: sendTimeout.nanoseconds
    case .linger: lingerTimeout.nanoseconds
    }
  }
}
