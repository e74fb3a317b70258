// One request, one answer; tried again where that does no harm.

import Ring

extension RPCChannel {
  /// Calls `method` and waits for its answer.
  ///
  /// Suspends; cancelling the task cancels the call, also at the server.
  ///
  /// - Throws: what the server says; `.unavailable` when it cannot be reached, once the tries are over;
  ///   `.deadlineExceeded`; `.cancelled`; `.internal` for an answer that is no message.
  package func unary<Request, Response>(
    _ method: RPCMethod<Request, Response>, _ request: Request,
    options: RPCCallOptions = RPCCallOptions()
  ) async throws(RPCError) -> Response {
    let bytes = try method.request.encode(request)
    let policy = options.retry ?? (method.isIdempotent ? self.options.retry : nil)
    let started = ContinuousClock.now
    var generator = SystemRandomNumberGenerator()
    var tries = 0
    while true {
      if Task.isCancelled { throw RPCError(.cancelled, "the caller's task was cancelled") }
      do throws(RPCError) {
        let left = options.timeout.map { max(.zero, $0 - (.now - started)) }
        let call = try makeCall(path: method.path, timeout: left ?? self.options.tryTimeout)
        return try decode(method, try await call.unary(bytes, options))
      } catch {
        tries += 1
        guard let policy, error.code == .unavailable else { throw error }
        let pause = policy.pause(after: tries, using: &generator)
        let end = ContinuousClock.now - started + pause
        guard end < policy.budget, end < options.timeout ?? policy.budget else { throw error }
        await Self.sleep(pause)
      }
    }
  }

  private func decode<Request, Response>(
    _ method: RPCMethod<Request, Response>, _ bytes: [UInt8]
  ) throws(RPCError) -> Response {
    do throws(RPCError) {
      return try method.response.decode(bytes)
    } catch {
      throw RPCError(.internal, "malformed answer of \(method.path): \(error.message)")
    }
  }

  /// Waits on the reactor's timers, or on the runtime's where there is no reactor; less when cancelled.
  private static func sleep(_ duration: Duration) async {
    if let reactor = Reactor.current {
      await reactor.sleep(for: duration)
      return
    }
    do {
      try await Task.sleep(for: duration)
    } catch {
      // Cancelled: the loop looks for that itself.
      return
    }
  }
}
