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

extension RPCTLSOptions {
  /// What the configuration says of TLS between coordinator and workers; nil when they talk in the clear.
  ///
  /// The same for both ends of a process's connections.
  package init?(_ configuration: Configuration) {
    guard configuration.boolean(.tlsEnabled) else { return nil }
    func text(_ key: Configuration.StringKey) -> String? {
      let text = configuration.string(key)
      return text.isEmpty ? nil : text
    }
    self.init(
      authoritiesFile: text(.tlsAuthoritiesFile), certificateFile: text(.tlsCertificateFile),
      keyFile: text(.tlsKeyFile),
      demandsClientCertificate: configuration.boolean(.tlsClientAuthentication),
      serverName: text(.tlsServerName))
  }

  /// What is wrong with the settings of a process that serves gRPC, naming keys; nil when they will
  /// do.
  ///
  /// Blocks for the disk.
  package var problem: String? {
    typealias Key = Configuration.StringKey
    guard certificateFile != nil, keyFile != nil else {
      return "\(Configuration.BooleanKey.tlsEnabled.rawValue) needs a certificate and its key: set"
        + " \(Key.tlsCertificateFile.rawValue) and \(Key.tlsKeyFile.rawValue)"
    }
    guard authoritiesFile != nil || !demandsClientCertificate else {
      return
        "\(Configuration.BooleanKey.tlsClientAuthentication.rawValue) needs authorities to trust:"
        + " set \(Key.tlsAuthoritiesFile.rawValue)"
    }
    do throws(RPCError) { try check() } catch {
      return "\(error.message); see \(Key.tlsCertificateFile.rawValue), \(Key.tlsKeyFile.rawValue)"
        + " and \(Key.tlsAuthoritiesFile.rawValue)"
    }
    return nil
  }
}

extension RPCChannelOptions {
  /// What the configuration says of clients.
  package init(_ configuration: Configuration) {
    self.init(
      tls: RPCTLSOptions(configuration), keepalive: .client(configuration),
      retry: RPCRetryPolicy(configuration),
      messageSizeMax: Int(configuration.size(.rpcMessageSizeMax)))
  }
}

extension Configuration {
  /// A duration, nil when it is off.
  fileprivate func limit(_ key: DurationKey) -> Duration? {
    nanoseconds(key) == .max ? nil : duration(key)
  }
}
