// What holds for every exchange, changeable while the proxy works; and what it counted.

/// The weather.
package struct ProxySettings: Sendable {
  /// How long each request waits before it goes on.
  package var latency = Duration.zero
  /// Bytes per second of one connection's replies, and of all together; nil: no limit.
  package var connectionRate: Int?
  package var totalRate: Int?
  /// Which request meets which fault.
  package var script = FaultScript.clean

  /// Fair weather.
  package init() {}
}

/// What a proxy counted.
package struct ProxyCounters: Sendable {
  /// Requests whose head came.
  package var requests = 0
  /// Requests by method.
  package var requestsByMethod: [String: Int] = [:]
  /// Requests that met a fault.
  package var faults = 0
  /// Connections accepted, and open now.
  package var connections = 0
  package var openConnections = 0
  /// Requests without their whole reply now, and the most there ever were.
  package var inFlight = 0
  package var inFlightMax = 0
  /// Bytes of replies' bodies passed on.
  package var bodyBytes = 0
}
