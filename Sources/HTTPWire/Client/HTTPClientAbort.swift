// A way to give up a request whose reply, or the rest of it, has not come.

/// Ends one request from outside the task that waits for it.
// SAFETY: confined to the ring's thread that the request is sent on.
@safe package final class HTTPClientAbort: @unchecked Sendable {
  private var connection: HTTPClientConnection?
  /// Whether the request was given up.
  package private(set) var isAborted = false

  /// For one request, which names it.
  package init() {}

  /// Gives the request up: its wait ends with `.stopped` and its connection is closed.
  ///
  /// Before it has a connection it ends as soon as it gets one; after its head came nothing happens.
  package func abort() {
    isAborted = true
    connection?.expire(.dropped)
  }

  /// The request waits on `connection` from now on; on none when its head is there.
  func waits(on connection: HTTPClientConnection?) { self.connection = connection }
}
