// Who answers `penstock.v1.Tasks`.

package import RPC

/// Answers the calls of `penstock.v1.Tasks`.
package protocol TasksHandler: Sendable {
  /// Runs a batch of files; each is answered once.
  func run(
    _ request: WireRunRequest, _ answers: RPCResponseWriter<WireRunResponse>,
    _ context: RPCServerContext
  ) async throws(RPCError)
  /// Ends a task.
  func cancel(
    _ request: WireCancelRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireCancelResponse
}

extension RPCServer {
  /// Answers `penstock.v1.Tasks` with `handler`; before the start.
  package func register(_ handler: some TasksHandler) {
    registerServerStream(TasksService.run) { request, answers, context throws(RPCError) in
      try await handler.run(request, answers, context)
    }
    register(TasksService.cancel) { request, context throws(RPCError) in
      try await handler.cancel(request, context)
    }
  }
}
