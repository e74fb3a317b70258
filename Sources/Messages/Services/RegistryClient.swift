// The calls of `penstock.v1.Registry`, for its clients.

package import RPC

/// Calls `penstock.v1.Registry` over a channel.
package struct RegistryClient: Sendable {
  /// Where the calls go.
  package let channel: RPCChannel

  /// A client of whoever answers at the other end of `channel`.
  package init(_ channel: RPCChannel) { self.channel = channel }

  /// A worker's name card, then what it holds in batches; counts only with its last message.
  ///
  /// - Throws: as `RPCChannel.stream`.
  package func register(
    options: RPCCallOptions = RPCCallOptions()
  ) throws(RPCError) -> RPCClientStream<WireRegisterRequest, WireRegisterResponse> {
    try channel.stream(RegistryService.register, options: options)
  }

  /// Says that a worker lives.
  ///
  /// - Throws: as `RPCChannel.unary`.
  package func heartbeat(
    _ request: WireHeartbeatRequest, options: RPCCallOptions = RPCCallOptions()
  ) async throws(RPCError) -> WireHeartbeatResponse {
    try await channel.unary(RegistryService.heartbeat, request, options: options)
  }

  /// All workers and coordinators known.
  ///
  /// - Throws: as `RPCChannel.unary`.
  package func nodes(
    _ request: WireNodesRequest, options: RPCCallOptions = RPCCallOptions()
  ) async throws(RPCError) -> WireNodesResponse {
    try await channel.unary(RegistryService.nodes, request, options: options)
  }
}
