// The messages of a client that sends many.

/// The requests of a call, for one task at a time; valid while the handler runs.
package struct RPCRequestReader<Request: Sendable>: Sendable {
  let call: RPCServerCall
  let codec: RPCCodec<Request>

  /// The next request; nil when the client has said that no more come.
  ///
  /// Suspends.
  ///
  /// - Throws: `.cancelled` when the client has gone, which is never mistaken for the end; `.invalidArgument`
  ///   for what is no message.
  package func next() async throws(RPCError) -> Request? { try await call.receive(codec) }
}
