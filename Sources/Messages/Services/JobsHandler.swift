// Who answers `penstock.v1.Jobs`.

package import RPC

/// Answers the calls of `penstock.v1.Jobs`.
package protocol JobsHandler: Sendable {
  /// Stores a job and queues it; one of the same type and source that has not ended is returned as it is.
  func submit(
    _ request: WireSubmitRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireSubmitResponse
  /// Where a job stands.
  func progress(
    _ request: WireProgressRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireProgressResponse
  /// Where a job stands, again at each change, until it has ended.
  func watch(
    _ request: WireWatchRequest, _ answers: RPCResponseWriter<WireProgressResponse>,
    _ context: RPCServerContext
  ) async throws(RPCError)
  /// Ends a job.
  func stop(
    _ request: WireStopRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireStopResponse
  /// Jobs, page by page.
  func list(
    _ request: WireListRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireListResponse
  /// Jobs that hold a file.
  func find(
    _ request: WireFindRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireFindResponse
  /// Puts a job that has ended back into the queue.
  func rerun(
    _ request: WireRerunRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireRerunResponse
}

extension RPCServer {
  /// Answers `penstock.v1.Jobs` with `handler`; before the start.
  package func register(_ handler: some JobsHandler) {
    register(JobsService.submit) { request, context throws(RPCError) in
      try await handler.submit(request, context)
    }
    register(JobsService.progress) { request, context throws(RPCError) in
      try await handler.progress(request, context)
    }
    registerServerStream(JobsService.watch) { request, answers, context throws(RPCError) in
      try await handler.watch(request, answers, context)
    }
    register(JobsService.stop) { request, context throws(RPCError) in
      try await handler.stop(request, context)
    }
    register(JobsService.list) { request, context throws(RPCError) in
      try await handler.list(request, context)
    }
    register(JobsService.find) { request, context throws(RPCError) in
      try await handler.find(request, context)
    }
    register(JobsService.rerun) { request, context throws(RPCError) in
      try await handler.rerun(request, context)
    }
  }
}
