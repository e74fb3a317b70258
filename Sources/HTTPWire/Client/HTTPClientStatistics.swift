// Counts of a client.

/// Counts of one ring of a client; written by its thread, read from any.
final class HTTPClientCounters: Sendable {
  let requests = HTTPCounter()
  let replies = HTTPCounter()
  let opened = HTTPCounter()
  let closed = HTTPCounter()
  let reused = HTTPCounter()
  let repeated = HTTPCounter()
  let connectFailures = HTTPCounter()
  let timeouts = HTTPCounter()
  let failures = HTTPCounter()
  let waits = HTTPCounter()
  let resumed = HTTPCounter()
  let bytesIn = HTTPCounter()
  let bytesOut = HTTPCounter()

  init() {}
}

/// Counts of a client at one moment, all rings together.
package struct HTTPClientStatistics: Sendable, Hashable {
  /// Requests begun, repetitions left out.
  package var requests: UInt64 = 0
  /// Replies whose head came whole.
  package var replies: UInt64 = 0
  /// Connections made.
  package var opened: UInt64 = 0
  /// Connections open now.
  package var open: UInt64 = 0
  /// Requests that went over a connection used before.
  package var reused: UInt64 = 0
  /// Requests sent again because a kept connection was dead.
  package var repeated: UInt64 = 0
  /// Addresses that took no connection.
  package var connectFailures: UInt64 = 0
  /// Waits that ended at a deadline or for want of progress.
  package var timeouts: UInt64 = 0
  /// Requests and bodies that ended in an error, timeouts included.
  package var failures: UInt64 = 0
  /// Requests that waited for a connection to be free.
  package var waits: UInt64 = 0
  /// TLS sessions resumed from an earlier one.
  package var resumed: UInt64 = 0
  /// Bytes received, before decryption.
  package var bytesIn: UInt64 = 0
  /// Bytes sent, after encryption.
  package var bytesOut: UInt64 = 0

  /// No counts.
  package init() {}

  /// Adds the counts of one ring.
  mutating func add(_ counters: HTTPClientCounters) {
    requests &+= counters.requests.current
    replies &+= counters.replies.current
    // Closed first: a connection is never counted closed before it is counted opened.
    let closed = counters.closed.current
    opened &+= counters.opened.current
    open &+= counters.opened.current &- closed
    reused &+= counters.reused.current
    repeated &+= counters.repeated.current
    connectFailures &+= counters.connectFailures.current
    timeouts &+= counters.timeouts.current
    failures &+= counters.failures.current
    waits &+= counters.waits.current
    resumed &+= counters.resumed.current
    bytesIn &+= counters.bytesIn.current
    bytesOut &+= counters.bytesOut.current
  }
}
