// A worker's membership, with the coordinator's own registry at the other end of a connection.

import DaemonDriver
import HTTPWire
import Messages
import Model
import RPC
import Ring
import Scheduler
import Synchronization
import TestSupport
import Testing

@testable import WorkerDaemon

/// A coordinator whose gRPC comes and goes on one port, and a worker that joins it.
private final class LinkFixture: Sendable {
  let service: JobService
  private let coordinatorEngine: RPCEngine
  private let scratch: ScratchDirectory
  private let followed: FollowedPins
  private struct State {
    var nodes: CoordinatorNodes
    var server: RPCServer?
    var port: UInt16 = 0
  }

  private let state: Mutex<State>

  init() throws {
    service = try JobService(FakeUFS(), rings: 2, limits: SchedulerLimits())
    coordinatorEngine = try RPCEngine()
    scratch = try ScratchDirectory("link")
    followed = FollowedPins(
      file: scratch.path("followed.json"), policies: service.files.policies,
      on: service.group.reactors[1])
    state = Mutex(
      State(nodes: CoordinatorNodes(pins: try PinnedPaths(file: scratch.path("pins.json")))))
  }

  /// What the coordinator knows.
  var nodes: CoordinatorNodes { state.withLock { $0.nodes } }

  /// Starts the coordinator's gRPC with an empty list of workers; on the same port each time.
  func serve() throws {
    let pins = try PinnedPaths(file: scratch.path("pins.json"))
    try state.withLock { state in
      state.nodes = CoordinatorNodes(pins: pins)
      let server = RPCServer(
        engine: coordinatorEngine,
        options: RPCServerOptions(addresses: [.tcp(host: "127.0.0.1", port: state.port)]))
      server.register(
        WorkerRegistry(
          service.coordinator, state.nodes, engine: coordinatorEngine,
          channel: RPCChannelOptions(), options: WorkerRegistry.Options()))
      try server.start(on: [service.group.reactors[0]])
      state.port = server.ports[0]
      state.server = server
    }
  }

  /// Ends it.
  func endServing() async {
    let server = state.withLock { $0.server.take() }
    await service.group.reactors[0].run { await server?.stop(within: .zero) }
  }

  /// A worker that begins to register; after ``serve()``.
  func join() throws -> CoordinatorLink {
    var options = CoordinatorLink.Options(
      target: "127.0.0.1:\(state.withLock { $0.port })",
      web: HTTPOrigin(isSecure: false, host: "127.0.0.1", port: 1), host: "127.0.0.1",
      bind: WorkerSettings.Endpoint(host: "127.0.0.1", port: 0, key: "test"),
      channel: RPCChannelOptions(), keepalive: RPCKeepalive())
    options.heartbeatInterval = .milliseconds(10)
    options.restPort = 28080
    let worker = CoordinatorLink.Subject(
      reactors: [service.group.reactors[1]], tasks: service.runner,
      inventory: WorkerInventory(service.files.policies), pins: followed)
    return try CoordinatorLink(options, id: JobID(high: 3, low: 4), worker)
  }

  /// The worker as the coordinator knows it; nil when it does not.
  var report: WorkerReport? { nodes.directory.reports().first }

  /// Revision of the pins that hold at the worker.
  var followedRevision: UInt64 { followed.revision }

  /// Whether the scheduler may give the worker tasks.
  var isLive: Bool {
    get async {
      await service.coordinator.workerStates().contains {
        $0.info.identity == WorkerIdentity(high: 3, low: 4) && $0.isLive
      }
    }
  }

  /// Waits until `condition` holds.
  func wait(until condition: @escaping @Sendable () async -> Bool) async {
    let reactor = service.group.reactors[0]
    await reactor.run {
      while !(await condition()) { await reactor.sleep(for: .milliseconds(1)) }
    }
  }

  /// The worker says that it stops.
  func leave(_ link: CoordinatorLink) async {
    await service.group.reactors[1].run { await link.leave() }
  }

  func stop(_ link: CoordinatorLink) async throws {
    await leave(link)
    await service.group.reactors[1].run { await link.stop(within: .seconds(10)) }
    await endServing()
    await followed.stop()
    let pool = try BlockingPool(name: "test", threads: 1)
    await pool.run { [coordinatorEngine] in
      link.close()
      coordinatorEngine.stop()
    }
    pool.stop()
    await service.stop()
  }
}

@Suite("Coordinator link", .timeLimit(.minutes(1)))
struct CoordinatorLinkTests {
  @Test("a worker registers, says that it lives, and has the coordinator's pins")
  func registers() async throws {
    let fixture = try LinkFixture()
    try fixture.serve()
    let link = try fixture.join()
    await fixture.wait { fixture.report?.state == .online }
    let report = try #require(fixture.report)
    #expect(report.card.id == "\(JobID(high: 3, low: 4))" && report.card.rpcPort > 0)
    #expect(report.restAddress == "127.0.0.1:28080")
    #expect(report.card.version == Version.text && report.card.incarnation != 0)
    #expect(report.capacity.map(\.total).reduce(0, +) > 0, "\(report.capacity)")
    await fixture.wait { await fixture.isLive }
    await fixture.wait { (fixture.report?.heardAt ?? 0) > report.heardAt }
    try fixture.nodes.pins.pin(RulePath("/a"))
    await fixture.wait { fixture.followedRevision == fixture.nodes.pins.revision }
    try await fixture.stop(link)
  }

  @Test("a worker that was taken for lost registers again, and is the same worker")
  func lostLease() async throws {
    let fixture = try LinkFixture()
    try fixture.serve()
    let link = try fixture.join()
    await fixture.wait { fixture.report?.state == .online }
    let before = try #require(fixture.report)
    // As if it had been silent until then.
    let late = NodeDirectory.Moment(ticks: .max, date: .max)
    #expect(fixture.nodes.directory.findSilent(1, now: late).count == 1)
    #expect(fixture.report?.state == .lost)
    await fixture.wait { fixture.report?.state == .online }
    let after = try #require(fixture.report)
    #expect(after.card.incarnation == before.card.incarnation && after.card.id == before.card.id)
    #expect(fixture.nodes.directory.reports().count == 1)
    try await fixture.stop(link)
  }

  @Test("a worker registers with a coordinator that was started again and knows nobody")
  func restartedCoordinator() async throws {
    let fixture = try LinkFixture()
    try fixture.serve()
    let link = try fixture.join()
    await fixture.wait { fixture.report?.state == .online }
    let before = try #require(fixture.report)
    await fixture.endServing()
    try fixture.serve()
    #expect(fixture.report == nil)
    await fixture.wait { fixture.report?.state == .online }
    #expect(fixture.report?.card.incarnation == before.card.incarnation)
    try await fixture.stop(link)
  }

  @Test("a worker that stops says so, is lost at once, and registers no more")
  func leaves() async throws {
    let fixture = try LinkFixture()
    try fixture.serve()
    let link = try fixture.join()
    await fixture.wait { fixture.report?.state == .online }
    await fixture.wait { await fixture.isLive }
    await fixture.leave(link)
    #expect(fixture.report?.state == .lost)
    await fixture.wait { !(await fixture.isLive) }
    // Nothing is left that could register or say another word: a second goodbye is none.
    let heardAt = fixture.report?.heardAt
    await fixture.leave(link)
    #expect(fixture.report?.heardAt == heardAt && fixture.report?.state == .lost)
    try await fixture.stop(link)
  }

  @Test("a worker whose coordinator is away stops without waiting for it")
  func leavesAlone() async throws {
    let fixture = try LinkFixture()
    try fixture.serve()
    await fixture.endServing()
    let link = try fixture.join()
    let start = ContinuousClock.now
    await fixture.leave(link)
    // A call that is made again and again goes on for two minutes.
    #expect(ContinuousClock.now - start < .seconds(30))
    try await fixture.stop(link)
  }
}
