// Where a server listens and what it bears.

/// Settings of a server.
package struct RPCServerOptions: Sendable {
  /// One address to listen on.
  package enum Address: Sendable, Hashable {
    /// Host and port; port 0 takes a free one.
    case tcp(host: String, port: UInt16)
    /// A Unix socket; a socket left behind at the path is replaced. Never with TLS.
    case unix(path: String)
  }

  /// Where it listens; at least one.
  package var addresses: [Address]
  /// TLS of its TCP addresses; nil talks in the clear.
  package var tls: RPCTLSOptions?
  /// Pings of silent connections.
  package var keepalive: RPCKeepalive
  /// Largest message received, in bytes.
  package var messageSizeMax: Int
  /// Calls that run at once; further ones are refused as `.resourceExhausted`.
  package var callCountMax: Int
  /// Calls that one connection may have open; a client waits with further ones.
  package var callCountPerConnectionMax: Int

  /// Options of their parts.
  package init(
    addresses: [Address], tls: RPCTLSOptions? = nil, keepalive: RPCKeepalive = RPCKeepalive(),
    messageSizeMax: Int = 4 << 20, callCountMax: Int = 65536,
    callCountPerConnectionMax: Int = 16384
  ) {
    precondition(!addresses.isEmpty, "a server has an address")
    self.addresses = addresses
    self.tls = tls
    self.keepalive = keepalive
    self.messageSizeMax = messageSizeMax
    self.callCountMax = callCountMax
    self.callCountPerConnectionMax = callCountPerConnectionMax
  }
}
