// Who answers `penstock.v1.Registry`.

package import RPC

/// Answers the calls of `penstock.v1.Registry`.
package protocol RegistryHandler: Sendable {
  /// A worker's name card, then what it holds in batches; counts only with its last message.
  func register(
    _ requests: RPCRequestReader<WireRegisterRequest>, _ context: RPCServerContext
  ) async throws(RPCError) -> WireRegisterResponse
  /// Says that a worker lives.
  func heartbeat(
    _ request: WireHeartbeatRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireHeartbeatResponse
  /// All workers and coordinators known.
  func nodes(
    _ request: WireNodesRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireNodesResponse
}

extension RPCServer {
  /// Answers `penstock.v1.Registry` with `handler`; before the start.
  package func register(_ handler: some RegistryHandler) {
    registerClientStream(RegistryService.register) { requests, context throws(RPCError) in
      try await handler.register(requests, context)
    }
    register(RegistryService.heartbeat) { request, context throws(RPCError) in
      try await handler.heartbeat(request, context)
    }
    register(RegistryService.nodes) { request, context throws(RPCError) in
      try await handler.nodes(request, context)
    }
  }
}
