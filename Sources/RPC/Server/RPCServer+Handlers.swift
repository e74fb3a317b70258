// Handlers of the four kinds of methods.

extension RPCServer {
  /// Answers `method` with `handler`, on one of the server's reactors; before the start.
  package func register<Request, Response>(
    _ method: RPCMethod<Request, Response>,
    _ handler:
      @escaping @Sendable (Request, RPCServerContext) async throws(RPCError) -> Response
  ) {
    add(method.path, readsRequest: true) { call in
      do throws(RPCError) {
        let request = try call.onlyRequest(method.request)
        let response = try await handler(request, RPCServerContext(call: call))
        call.finish(nil, message: try method.response.encode(response))
      } catch {
        call.finish(error)
      }
    }
  }

  /// Answers `method` with the messages that `handler` sends; before the start.
  package func registerServerStream<Request, Response>(
    _ method: RPCMethod<Request, Response>,
    _ handler:
      @escaping @Sendable (Request, RPCResponseWriter<Response>, RPCServerContext)
      async throws(RPCError) -> Void
  ) {
    add(method.path, readsRequest: true) { call in
      do throws(RPCError) {
        let request = try call.onlyRequest(method.request)
        try await handler(
          request, RPCResponseWriter(call: call, codec: method.response),
          RPCServerContext(call: call))
        call.finish(nil)
      } catch {
        call.finish(error)
      }
    }
  }

  /// Answers the messages of `method` with one; before the start.
  package func registerClientStream<Request, Response>(
    _ method: RPCMethod<Request, Response>,
    _ handler:
      @escaping @Sendable (RPCRequestReader<Request>, RPCServerContext)
      async throws(RPCError) -> Response
  ) {
    add(method.path, readsRequest: false) { call in
      do throws(RPCError) {
        let response = try await handler(
          RPCRequestReader(call: call, codec: method.request), RPCServerContext(call: call))
        call.finish(nil, message: try method.response.encode(response))
      } catch {
        call.finish(error)
      }
    }
  }

  /// Answers the messages of `method` with those that `handler` sends; before the start.
  package func registerStreams<Request, Response>(
    _ method: RPCMethod<Request, Response>,
    _ handler:
      @escaping @Sendable (
        RPCRequestReader<Request>, RPCResponseWriter<Response>, RPCServerContext
      ) async throws(RPCError) -> Void
  ) {
    add(method.path, readsRequest: false) { call in
      do throws(RPCError) {
        try await handler(
          RPCRequestReader(call: call, codec: method.request),
          RPCResponseWriter(call: call, codec: method.response), RPCServerContext(call: call))
        call.finish(nil)
      } catch {
        call.finish(error)
      }
    }
  }
}
