// The service that both of our ends are tested with; messages are bytes.

import Messages
import RPC
import Ring
import Synchronization

/// Methods of `test.Echo`.
enum Echo {
  typealias Method = RPCMethod<[UInt8], [UInt8]>

  static let unary = method("Unary")
  static let fail = method("Fail")
  static let flaky = method("Flaky", isIdempotent: true)
  static let wait = method("Wait")
  static let leave = method("Leave")
  static let awaitWaiting = method("AwaitWaiting")
  static let awaitCancelled = method("AwaitCancelled")
  static let cancelled = method("Cancelled")
  static let metadata = method("Metadata")
  static let remaining = method("Remaining")
  static let peer = method("Peer")
  static let setHealth = method("SetHealth")
  static let count = method("Count")
  static let endless = method("Endless")
  static let sum = method("Sum")
  static let chat = method("Chat")
  static let nothing = method("Nothing")

  private static func method(_ name: String, isIdempotent: Bool = false) -> Method {
    Method("/test.Echo/\(name)", isIdempotent: isIdempotent, request: .bytes, response: .bytes)
  }
}

/// Answers `test.Echo`.
final class EchoService: Sendable {
  /// Calls of `Wait` that began, calls that were cancelled, and who waits for one more of either.
  private struct State {
    var waiting = 0
    var cancelled = 0
    var waiters: [(isReached: @Sendable (Int, Int) -> Bool, UnsafeContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())
  let health = HealthService()

  /// Calls whose handler was cancelled.
  var cancelledCount: Int { state.withLock { $0.cancelled } }

  /// Waits until `condition` holds of the numbers of waiting and cancelled calls.
  func wait(until condition: @escaping @Sendable (Int, Int) -> Bool) async {
    await withUnsafeContinuation { continuation in
      change { $0.waiters.append((condition, continuation)) }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    let reached = state.withLock { state in
      body(&state)
      let reached = state.waiters.filter { $0.isReached(state.waiting, state.cancelled) }
      state.waiters.removeAll { $0.isReached(state.waiting, state.cancelled) }
      return reached
    }
    for waiter in reached { waiter.1.resume() }
  }

  func register(on server: RPCServer) {
    registerUnary(on: server)
    registerStreams(on: server)
    health.set("penstock.v1.Jobs", isServing: true)
    health.register(on: server)
    server.register(EmptyJobs())
    ReflectionService.register(on: server)
  }

  private func registerUnary(on server: RPCServer) {
    server.register(Echo.unary) { request, _ in request }
    server.register(Echo.fail) { request, _ throws(RPCError) in
      let parts = text(request).split(separator: ":", maxSplits: 1)
      let code = RPCStatusCode(rawValue: Int32(parts[0]) ?? 2) ?? .unknown
      throw RPCError(code, String(parts[1]))
    }
    server.register(Echo.wait) { [self] _, context throws(RPCError) in
      change { $0.waiting += 1 }
      while !Task.isCancelled { await Reactor.current?.sleep(for: .seconds(3600)) }
      let isCancelled = context.isCancelled
      change { $0.cancelled += isCancelled ? 1 : 0 }
      throw RPCError(.cancelled, "nobody waits")
    }
    server.register(Echo.cancelled) { [self] _, _ in bytes("\(cancelledCount)") }
    server.register(Echo.awaitWaiting) { [self] _, _ in
      await wait { waiting, _ in waiting > 0 }
      return []
    }
    server.register(Echo.awaitCancelled) { [self] request, _ in
      let before = Int(text(request)) ?? 0
      await wait { _, cancelled in cancelled > before }
      return bytes("\(cancelledCount)")
    }
    server.register(Echo.metadata) { request, context in
      bytes(context.metadata(text(request)) ?? "")
    }
    server.register(Echo.remaining) { _, context in
      bytes("\((context.remaining ?? .zero) / .milliseconds(1))".split(separator: ".")[0])
    }
    server.register(Echo.peer) { _, context in
      bytes(context.peer + "\n" + context.peerNames.joined(separator: "\n"))
    }
    server.register(Echo.setHealth) { [health] request, _ in
      health.set("penstock.v1.Jobs", isServing: request == bytes("1"))
      return []
    }
  }

  private func registerStreams(on server: RPCServer) {
    server.registerServerStream(Echo.count) { request, answers, _ throws(RPCError) in
      for index in 0..<(Int(text(request)) ?? 0) { try await answers.send(bytes("\(index)")) }
    }
    server.registerServerStream(Echo.endless) { [self] _, answers, _ throws(RPCError) in
      do throws(RPCError) {
        while true { try await answers.send([UInt8](repeating: 7, count: 1000)) }
      } catch {
        change { $0.cancelled += 1 }
        throw error
      }
    }
    server.registerClientStream(Echo.sum) { [self] requests, _ throws(RPCError) in
      var count = 0
      var size = 0
      do throws(RPCError) {
        while let request = try await requests.next() {
          count += 1
          size += request.count
        }
      } catch {
        change { $0.cancelled += 1 }
        throw error
      }
      return bytes("\(count) \(size)")
    }
    server.registerStreams(Echo.chat) { requests, answers, _ throws(RPCError) in
      while let request = try await requests.next() { try await answers.send(request) }
    }
  }
}

/// A job service without a job.
private struct EmptyJobs: JobsHandler {
  func submit(
    _ request: WireSubmitRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireSubmitResponse {
    .make {
      $0.jobID = request.source.paths.joined(separator: ",")
      $0.isNew = true
    }
  }
  func progress(
    _ request: WireProgressRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireProgressResponse { throw RPCError(.notFound, "no job") }
  func watch(
    _ request: WireWatchRequest, _ answers: RPCResponseWriter<WireProgressResponse>,
    _ context: RPCServerContext
  ) async throws(RPCError) {
    for state in [WireJobState.waiting, .running, .succeeded] {
      try await answers.send(.make { $0.state = state })
    }
  }
  func stop(
    _ request: WireStopRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireStopResponse { throw RPCError(.notFound, "no job") }
  func list(
    _ request: WireListRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireListResponse { WireListResponse() }
  func find(
    _ request: WireFindRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireFindResponse { WireFindResponse() }
  func rerun(
    _ request: WireRerunRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireRerunResponse { throw RPCError(.unavailable, "no") }
}

func bytes(_ text: some StringProtocol) -> [UInt8] { Array(text.utf8) }
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
