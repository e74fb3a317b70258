// The settings of calls that users name in their configuration.

package import Model

extension RPCKeepalive {
  /// What the server of a worker does.
  package static func worker(_ configuration: Configuration) -> RPCKeepalive {
    server(configuration, .workerKeepaliveTime, .workerKeepaliveTimeout, .workerPingIntervalMin)
  }

  /// What the server of a coordinator does.
  package static func coordinator(_ configuration: Configuration) -> RPCKeepalive {
    server(
      configuration, .coordinatorKeepaliveTime, .coordinatorKeepaliveTimeout,
      .coordinatorPingIntervalMin)
  }

  /// What clients do.
  package static func client(_ configuration: Configuration) -> RPCKeepalive {
    RPCKeepalive(
      time: configuration.limit(.clientKeepaliveTime),
      timeout: configuration.duration(.clientKeepaliveTimeout))
  }

  private static func server(
    _ configuration: Configuration, _ time: Configuration.DurationKey,
    _ timeout: Configuration.DurationKey, _ leastInterval: Configuration.DurationKey
  ) -> RPCKeepalive {
    RPCKeepalive(
      time: configuration.limit(time), timeout: configuration.duration(timeout),
      // A client that pings as often as it may is late once and early the next time.
      leastPingInterval: configuration.limit(leastInterval).map { $0 * 9 / 10 })
  }
}

extension RPCRetryPolicy {
  /// What clients do when a server is unavailable.
  package init(_ configuration: Configuration) {
    self.init(
      base: configuration.duration(.rpcRetryBase),
      longest: configuration.duration(.rpcRetryLongest),
      budget: configuration.duration(.rpcRetryBudget))
  }
}

extension RPCChannelOptions {
  /// What the configuration says of clients.
  package init(_ configuration: Configuration, tls: RPCTLSOptions? = nil) {
    self.init(
      tls: tls, keepalive: .client(configuration), retry: RPCRetryPolicy(configuration),
      messageSizeMax: Int(configuration.size(.rpcMessageSizeMax)))
  }
}

extension Configuration {
  /// A duration, nil when it is off.
  fileprivate func limit(_ key: DurationKey) -> Duration? {
    nanoseconds(key) == .max ? nil : duration(key)
  }
}
