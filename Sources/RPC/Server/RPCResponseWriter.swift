// The messages of a server that answers with many.

/// The answers of a call, for one task at a time; valid while the handler runs.
package struct RPCResponseWriter<Response: Sendable>: Sendable {
  let call: RPCServerCall
  let codec: RPCCodec<Response>

  /// Sends an answer; suspends while the client takes no more.
  ///
  /// - Throws: `.cancelled` when the client has gone; what the codec throws.
  package func send(_ message: Response) async throws(RPCError) {
    let bytes = try codec.encode(message)
    guard await call.send(bytes) else {
      throw RPCError(.cancelled, "\(call.path): the client has gone")
    }
  }
}
