// A worker's loads as jobs of a coordinator at the other end of HTTP.

import DaemonDriver
import HTTPWire
import Model
import Ring
import Scheduler
import TestSupport
import Testing

@testable import WorkerDaemon

@Suite("Remote job service")
struct RemoteJobServiceTests {
  /// What a call came to.
  private static func outcome<T: Sendable>(
    _ reactor: Reactor, _ call: @escaping @Sendable () async throws(RESTProblem) -> T
  ) async -> Result<T, RESTProblem> {
    await reactor.run { () async -> Result<T, RESTProblem> in
      do throws(RESTProblem) { return .success(try await call()) } catch { return .failure(error) }
    }
  }

  /// The status of a refusal; nil for an answer.
  private static func refusal<T>(_ outcome: Result<T, RESTProblem>) -> Int? {
    if case .failure(let problem) = outcome { problem.status } else { nil }
  }

  @Test(
    "a load is submitted once, followed and stopped at the coordinator; one that is away is a 503")
  func remote() async throws {
    let gate = ReadGate(permits: 0)
    let ufs = FakeUFS(beforeRead: { await gate.pass() })
    for index in 0..<10 { ufs.put("f\(index)", [UInt8](repeating: 7, count: 100), token: "v") }
    let service = try JobService(ufs, rings: 1, limits: SchedulerLimits())
    let reactor = service.group.reactors[0]
    let folder = try ScratchDirectory("remote")
    let pool = try BlockingPool(name: "test", threads: 1)
    let nodes = CoordinatorNodes(pins: try PinnedPaths(file: folder.path("pins.json")))
    let options = HTTPServerOptions.patient
    let api = CoordinatorAPI(service.coordinator, nodes) { nil }
    let server = try await reactor.run { () async -> Result<HTTPServer, RingError> in
      do throws(RingError) {
        return .success(
          try await HTTPServer.start(on: [reactor], options: options, handler: api))
      } catch { return .failure(error) }
    }.get()
    guard case .ip(_, let port) = server.address else { throw RingError(.system, operation: "") }
    let client = HTTPClient(
      reactors: 1, options: HTTPClientOptions(), resolver: HostResolver(pool: pool))
    let remote = RemoteJobService(
      client, HTTPOrigin(isSecure: false, host: "127.0.0.1", port: port))

    #expect(
      try await Self.outcome(reactor) { () async throws(RESTProblem) in
        try await remote.loadProgress("/", isVerbose: false, isJSON: true) == nil
      }.get())
    let first = try await Self.outcome(reactor) { () async throws(RESTProblem) in
      try await remote.submitLoad("/", JobOptions())
    }.get()
    #expect(first.isNew)
    let second = try await Self.outcome(reactor) { () async throws(RESTProblem) in
      try await remote.submitLoad("/", JobOptions())
    }.get()
    #expect(second.id == first.id && !second.isNew)
    await gate.waitForArrivals(10)
    let running = try await Self.outcome(reactor) { () async throws(RESTProblem) in
      try await remote.loadProgress("/", isVerbose: true, isJSON: false)
    }.get()
    #expect(running?.state == .running)
    #expect(running?.report.contains("RUNNING") == true, "\(running?.report ?? "")")
    let stops = try await Self.outcome(reactor) { () async throws(RESTProblem) in
      [try await remote.stopLoad("/"), try await remote.stopLoad("/")]
    }.get()
    #expect(stops == [true, false])
    let bad = await Self.outcome(reactor) { () async throws(RESTProblem) in
      try await remote.submitLoad("no path", JobOptions())
    }
    #expect(Self.refusal(bad) == 400, "\(bad)")

    gate.release()
    _ = await reactor.run { await server.drain(within: .seconds(10)) }
    let away = await Self.outcome(reactor) { () async throws(RESTProblem) in
      try await remote.stopLoad("/")
    }
    #expect(Self.refusal(away) == 503, "\(away)")
    await reactor.run { client.closeIdle() }
    await service.stop()
    pool.stop()
  }
}
