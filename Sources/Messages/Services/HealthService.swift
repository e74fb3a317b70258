// The standard health service: load balancers and tools ask whether a service, or the whole server, serves.

package import RPC
import Synchronization

/// Answers `grpc.health.v1.Health`.
package final class HealthService: Sendable {
  /// What is known, and who waits for news.
  @safe private struct State {
    var isServing: [String: Bool] = ["": true]
    var revision: UInt64 = 0
    var nextWaiter: UInt64 = 0
    var waiters: [UInt64: UnsafeContinuation<Void, Never>] = unsafe [:]
  }

  /// Watches of one name at a time are bounded by the server's calls.
  private static let check = RPCMethod<WireHealthCheckRequest, WireHealthCheckResponse>(
    "/grpc.health.v1.Health/Check", isIdempotent: true)
  private static let watch = RPCMethod<WireHealthCheckRequest, WireHealthCheckResponse>(
    "/grpc.health.v1.Health/Watch")

  private let state = Mutex(State())

  /// A service that says that the whole server serves, and knows no other name.
  package init() {}

  /// Says whether `service` serves; the empty name is the whole server.
  ///
  /// Callable from any thread.
  package func set(_ service: String, isServing: Bool) {
    let waiters: [UnsafeContinuation<Void, Never>] = unsafe state.withLock { state in
      guard state.isServing[service] != isServing else { return unsafe [] }
      state.isServing[service] = isServing
      state.revision += 1
      defer { unsafe state.waiters.removeAll() }
      return unsafe Array(state.waiters.values)
    }
    for index in unsafe waiters.indices { unsafe waiters[index].resume() }
  }

  /// Answers both methods on `server`; before its start.
  package func register(on server: RPCServer) {
    server.register(Self.check) { [self] request, _ throws(RPCError) in
      guard let answer = answer(request.service).known else {
        throw RPCError(.notFound, "no service '\(request.service)'")
      }
      return answer
    }
    server.registerServerStream(Self.watch) { [self] request, answers, _ throws(RPCError) in
      var last: WireHealthCheckResponse?
      while !Task.isCancelled {
        let (known, revision) = answer(request.service)
        let news = known ?? .make { $0.status = .serviceUnknown }
        if news != last { try await answers.send(news) }
        last = news
        await change(after: revision)
      }
      throw RPCError(.cancelled, "the watch has ended")
    }
  }

  private func answer(_ service: String) -> (known: WireHealthCheckResponse?, revision: UInt64) {
    state.withLock { state in
      let known = state.isServing[service].map { isServing in
        WireHealthCheckResponse.make { $0.status = isServing ? .serving : .notServing }
      }
      return (known, state.revision)
    }
  }

  /// Waits for news after `revision`, or for the task to be cancelled.
  private func change(after revision: UInt64) async {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
        let waits = state.withLock { state in
          guard state.revision == revision, !Task.isCancelled else { return false }
          unsafe state.waiters[id] = continuation
          return true
        }
        if !waits { unsafe continuation.resume() }
      }
    } onCancel: {
      let waiter = unsafe state.withLock { unsafe $0.waiters.removeValue(forKey: id) }
      if let waiter = unsafe waiter { unsafe waiter.resume() }
    }
  }
}
