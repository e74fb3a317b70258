// Calls with more than one message in a direction.

extension RPCChannel {
  /// Sends `request` and returns the stream of its answers.
  ///
  /// - Throws: `.unavailable` when the engine has stopped, `.invalidArgument` for metadata that cannot be sent.
  package func serverStream<Request, Response>(
    _ method: RPCMethod<Request, Response>, _ request: Request,
    options: RPCCallOptions = RPCCallOptions()
  ) throws(RPCError) -> RPCClientStream<Request, Response> {
    let bytes = try method.request.encode(request)
    let call = try makeCall(path: method.path, timeout: options.timeout)
    try call.stream(bytes, options)
    return RPCClientStream(channel: self, call: call, method: method, sends: false)
  }

  /// Opens a stream in which both sides send: one answer at the end (`response`) or any number (`next`).
  ///
  /// - Throws: as `serverStream`.
  package func stream<Request, Response>(
    _ method: RPCMethod<Request, Response>, options: RPCCallOptions = RPCCallOptions()
  ) throws(RPCError) -> RPCClientStream<Request, Response> {
    let call = try makeCall(path: method.path, timeout: options.timeout)
    try call.stream(nil, options)
    return RPCClientStream(channel: self, call: call, method: method, sends: true)
  }
}
