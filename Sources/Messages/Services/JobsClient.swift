// The calls of `penstock.v1.Jobs`, for its clients.

package import RPC

/// Calls `penstock.v1.Jobs` over a channel.
package struct JobsClient: Sendable {
  /// Where the calls go.
  package let channel: RPCChannel

  /// A client of whoever answers at the other end of `channel`.
  package init(_ channel: RPCChannel) { self.channel = channel }

  /// Stores a job and queues it; one of the same type and source that has not ended is returned as it is.
  ///
  /// - Throws: as `RPCChannel.unary`.
  package func submit(
    _ request: WireSubmitRequest, options: RPCCallOptions = RPCCallOptions()
  ) async throws(RPCError) -> WireSubmitResponse {
    try await channel.unary(JobsService.submit, request, options: options)
  }

  /// Where a job stands.
  ///
  /// - Throws: as `RPCChannel.unary`.
  package func progress(
    _ request: WireProgressRequest, options: RPCCallOptions = RPCCallOptions()
  ) async throws(RPCError) -> WireProgressResponse {
    try await channel.unary(JobsService.progress, request, options: options)
  }

  /// Where a job stands, again at each change, until it has ended.
  ///
  /// - Throws: as `RPCChannel.serverStream`.
  package func watch(
    _ request: WireWatchRequest, options: RPCCallOptions = RPCCallOptions()
  ) throws(RPCError) -> RPCClientStream<WireWatchRequest, WireProgressResponse> {
    try channel.serverStream(JobsService.watch, request, options: options)
  }

  /// Ends a job.
  ///
  /// - Throws: as `RPCChannel.unary`.
  package func stop(
    _ request: WireStopRequest, options: RPCCallOptions = RPCCallOptions()
  ) async throws(RPCError) -> WireStopResponse {
    try await channel.unary(JobsService.stop, request, options: options)
  }

  /// Jobs, page by page.
  ///
  /// - Throws: as `RPCChannel.unary`.
  package func list(
    _ request: WireListRequest, options: RPCCallOptions = RPCCallOptions()
  ) async throws(RPCError) -> WireListResponse {
    try await channel.unary(JobsService.list, request, options: options)
  }

  /// Jobs that hold a file.
  ///
  /// - Throws: as `RPCChannel.unary`.
  package func find(
    _ request: WireFindRequest, options: RPCCallOptions = RPCCallOptions()
  ) async throws(RPCError) -> WireFindResponse {
    try await channel.unary(JobsService.find, request, options: options)
  }

  /// Puts a job that has ended back into the queue.
  ///
  /// - Throws: as `RPCChannel.unary`.
  package func rerun(
    _ request: WireRerunRequest, options: RPCCallOptions = RPCCallOptions()
  ) async throws(RPCError) -> WireRerunResponse {
    try await channel.unary(JobsService.rerun, request, options: options)
  }
}
