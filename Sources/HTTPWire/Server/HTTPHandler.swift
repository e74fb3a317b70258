// What a server calls for each request.

/// Answers requests; one value serves every connection of every ring.
package protocol HTTPHandler: Sendable {
  /// Answers the request of `exchange` with exactly one response.
  ///
  /// Runs on the ring that accepted the connection and stays there. A return without a response becomes a 500; a return
  /// with an unfinished response drops the connection. When the client goes away meanwhile the task is cancelled.
  func handle(_ exchange: HTTPExchange) async
}
