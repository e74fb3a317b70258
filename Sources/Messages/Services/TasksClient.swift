// The calls of `penstock.v1.Tasks`, for its clients.

package import RPC

/// Calls `penstock.v1.Tasks` over a channel.
package struct TasksClient: Sendable {
  /// Where the calls go.
  package let channel: RPCChannel

  /// A client of whoever answers at the other end of `channel`.
  package init(_ channel: RPCChannel) { self.channel = channel }

  /// Runs a batch of files; each is answered once.
  ///
  /// - Throws: as `RPCChannel.serverStream`.
  package func run(
    _ request: WireRunRequest, options: RPCCallOptions = RPCCallOptions()
  ) throws(RPCError) -> RPCClientStream<WireRunRequest, WireRunResponse> {
    try channel.serverStream(TasksService.run, request, options: options)
  }

  /// Ends a task.
  ///
  /// - Throws: as `RPCChannel.unary`.
  package func cancel(
    _ request: WireCancelRequest, options: RPCCallOptions = RPCCallOptions()
  ) async throws(RPCError) -> WireCancelResponse {
    try await channel.unary(TasksService.cancel, request, options: options)
  }
}
