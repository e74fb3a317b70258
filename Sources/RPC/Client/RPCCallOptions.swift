// What one call may say of itself.

/// Settings of one call.
package struct RPCCallOptions: Sendable {
  /// Time that the call may take, with all of its tries; nil leaves it to the channel.
  package var timeout: Duration?
  /// How it is tried again; nil is the channel's policy for idempotent methods, and no second try for others.
  package var retry: RPCRetryPolicy?
  /// Whether it waits for a connection instead of failing as `.unavailable`, within its timeout.
  package var waitsForReady: Bool
  /// Keys in lower case and values that go with it.
  package var metadata: [(key: String, value: String)]

  /// Options of their parts.
  package init(
    timeout: Duration? = nil, retry: RPCRetryPolicy? = nil, waitsForReady: Bool = false,
    metadata: [(key: String, value: String)] = []
  ) {
    self.timeout = timeout
    self.retry = retry
    self.waitsForReady = waitsForReady
    self.metadata = metadata
  }
}
