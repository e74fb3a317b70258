// Pings that tell a silent connection from a dead one.

/// When a connection is pinged and when it is given up.
package struct RPCKeepalive: Sendable, Hashable {
  /// Silence after which the peer is pinged; nil never pings.
  package var time: Duration?
  /// Silence after a ping that ends the connection.
  package var timeout: Duration
  /// Whether connections without a call are pinged too.
  package var permitsWithoutCalls: Bool
  /// Of servers: a client that pings faster is sent away; nil accepts any.
  package var leastPingInterval: Duration?

  /// A keepalive of its parts.
  package init(
    time: Duration? = .seconds(30), timeout: Duration = .seconds(30),
    permitsWithoutCalls: Bool = true, leastPingInterval: Duration? = nil
  ) {
    self.time = time
    self.timeout = timeout
    self.permitsWithoutCalls = permitsWithoutCalls
    self.leastPingInterval = leastPingInterval
  }
}
