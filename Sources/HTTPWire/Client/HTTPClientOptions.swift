// Settings of a client.

/// Settings of a client: its bounds in time, connections and memory.
package struct HTTPClientOptions: Sendable {
  /// Longest wait for one address to take a connection, and for TLS to be agreed on.
  package var connectTimeout = Duration.seconds(5)
  /// Longest life of a connection that nobody uses.
  package var idleTimeout = Duration.seconds(30)
  /// Most connections to one origin, per ring; further requests wait their turn.
  package var connectionsPerOrigin = 64
  /// Longest time in which fewer than `progressSizeMin` bytes move while somebody waits for them.
  package var stallTimeout = Duration.seconds(30)
  /// Bytes that count as progress within `stallTimeout`.
  package var progressSizeMin: UInt64 = 1
  /// How long an address that failed is tried last.
  package var addressPenalty = Duration.seconds(10)
  /// Bounds of a reply's head.
  package var headLimits = HTTPHeadLimits(sizeMax: 64 << 10, fieldCountMax: 200)
  /// Most bytes of an unread body that are read and dropped to keep a connection.
  package var drainSizeMax: Int64 = 64 << 10
  /// What `User-Agent` says; empty leaves the field out.
  package var userAgent = "penstock"
  /// Who passes requests on; nil asks origins directly.
  package var proxy: HTTPProxy?
  /// How TLS is spoken.
  package var tls = TLSOptions()

  /// Settings with defaults for everything.
  package init() {}

  /// How often waits are looked at: an eighth of the shortest time limit, between 5 ms and 50 ms.
  var sweepInterval: Duration {
    min(max(min(connectTimeout, stallTimeout) / 8, .milliseconds(5)), .milliseconds(50))
  }
}

/// A server that passes requests on.
package struct HTTPProxy: Sendable, Hashable {
  /// A name or a numeric address.
  package var host: String
  /// The TCP port.
  package var port: UInt16

  /// A proxy at `host` and `port`.
  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }
}
