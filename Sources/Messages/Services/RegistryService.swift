// The methods of `penstock.v1.Registry`.

package import RPC

/// How workers make themselves known to a coordinator.
package enum RegistryService {
  /// Its full name.
  package static let name = "penstock.v1.Registry"

  /// A worker's name card, then what it holds in batches; counts only with its last message.
  package static let register = RPCMethod<WireRegisterRequest, WireRegisterResponse>(
    "/penstock.v1.Registry/Register")
  /// Says that a worker lives.
  package static let heartbeat = RPCMethod<WireHeartbeatRequest, WireHeartbeatResponse>(
    "/penstock.v1.Registry/Heartbeat", isIdempotent: true)
  /// All workers and coordinators known.
  package static let nodes = RPCMethod<WireNodesRequest, WireNodesResponse>(
    "/penstock.v1.Registry/Nodes", isIdempotent: true)
}
