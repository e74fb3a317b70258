// What all calls of a channel have in common.

/// Settings of a channel.
package struct RPCChannelOptions: Sendable {
  /// TLS; nil talks in the clear.
  package var tls: RPCTLSOptions?
  /// Pings of silent connections.
  package var keepalive: RPCKeepalive
  /// How idempotent calls are tried again; nil never does.
  package var retry: RPCRetryPolicy?
  /// Time that one try of a unary call may take when the call says nothing; nil is for ever.
  package var tryTimeout: Duration?
  /// Largest message received, in bytes.
  package var messageSizeMax: Int

  /// Options of their parts.
  package init(
    tls: RPCTLSOptions? = nil, keepalive: RPCKeepalive = RPCKeepalive(),
    retry: RPCRetryPolicy? = RPCRetryPolicy(), tryTimeout: Duration? = .seconds(30),
    messageSizeMax: Int = 4 << 20
  ) {
    self.tls = tls
    self.keepalive = keepalive
    self.retry = retry
    self.tryTimeout = tryTimeout
    self.messageSizeMax = messageSizeMax
  }
}
