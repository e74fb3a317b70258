// The bounds of flow control.

/// Bounds of the whole process.
package struct FlowLimits: Sendable, Hashable {
  /// Remote requests in flight, all mounts together.
  package var countMax = 2048
  /// Requests that may wait for their turn; above, the next is refused.
  package var waitingCountMax = 1 << 20
  /// Gates; hosts beyond it share one per mount.
  package var gateCountMax = 4096
  /// Retries earned by one success.
  package var retryRatio = 0.15
  /// Retries that need no success before them, and how many of them come back per second.
  package var retryReserve = 20.0
  package var retryRefill = 1.0
  /// Attempts of one operation, the first included.
  package var attemptCountMax = 6
  /// Shortest and longest pause before a retry.
  package var backoffMin = Duration.milliseconds(50)
  package var backoffMax = Duration.seconds(3)
  /// Longest pause that a store may ask for.
  package var retryAfterMax = Duration.seconds(30)

  /// The defaults.
  package init() {}
}

/// Bounds of one mount; nil is as much as the process may.
package struct FlowOptions: Sendable, Hashable {
  /// Reads in flight.
  package var readCountMax: Int?
  /// Writes in flight.
  package var writeCountMax: Int?
  /// Listings, questions and changes in flight.
  package var adminCountMax: Int?
  /// Requests in flight to one host, all mounts together; the lowest that a mount sets holds.
  package var hostCountMax: Int?
  /// Bytes of content per second, both directions.
  package var bandwidth: Int64?
  /// Share of requests that a hedge must be slower than, such as 0.99; nil is no hedging.
  package var hedgePercentile: Double?
  /// Attempts of one operation, the first included; nil is the process's bound.
  package var attemptCountMax: Int?

  /// No bounds of its own.
  package init() {}
}
