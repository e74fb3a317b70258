// The methods of `penstock.v1.Tasks`.

package import RPC

/// What a coordinator asks of a worker.
package enum TasksService {
  /// Its full name.
  package static let name = "penstock.v1.Tasks"

  /// Runs a batch of files; each is answered once.
  package static let run = RPCMethod<WireRunRequest, WireRunResponse>(
    "/penstock.v1.Tasks/Run")
  /// Ends a task.
  package static let cancel = RPCMethod<WireCancelRequest, WireCancelResponse>(
    "/penstock.v1.Tasks/Cancel", isIdempotent: true)
}
