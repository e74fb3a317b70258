// A running coordinator: its ring, its store, its port.
//
//   store directory ▶ mounts ▶ ring ▶ store, jobs that did not end ▶ worker of this process ▶ port ▶ ready
//   stop: port drains ▶ coordinator rests ▶ (the worker stops) ▶ store closes ▶ ring stops

import HTTPWire
package import Logging
import Membership
import Messages
import Model
import RPC
import Ring
import Scheduler
import Synchronization
import UFS

/// A coordinator that serves until it is stopped.
package final class CoordinatorServer: Sendable {
  /// Threads for calls that have no ring operation.
  private static let blockingThreadCount = 4
  /// Longest wait for requests in flight.
  private static let drainMax = Duration.seconds(3)

  private let settings: CoordinatorSettings
  private let log: Logger
  private let work: LockedDirectory?
  private let pool: BlockingPool
  private let group: ReactorGroup
  private let flow: FlowControl
  private let store: RocksJobStore
  private let server: HTTPServer
  private let phase: Phase
  private let engine: RPCEngine
  private let rpc: RPCServer
  private let watch: Task<Void, Never>
  private let nodes: CoordinatorNodes
  /// The job service.
  package let coordinator: Coordinator

  /// Starts a coordinator, with `worker` as its first worker; without one it locks the work directory itself.
  ///
  /// - Throws: `.directory`, `.port` or `.system`, with one line for the operator.
  package init(
    _ settings: CoordinatorSettings, worker: Worker?, log: Logger
  ) throws(StartError) {
    self.settings = settings
    self.log = log
    work = worker == nil ? LockedDirectory(try WorkDirectory(settings.workDirectory)) : nil
    if let root = settings.defaultRoot { try WorkDirectory.make(root) }
    try WorkDirectory.make(
      settings.storeDirectory, key: Configuration.StringKey.jobStoreDirectory.rawValue)
    // A worker of this process goes before us: its clients wait for reads.
    let niceness = worker?.settings.loadNiceness
    pool = try Self.system { () throws(RingError) in
      try BlockingPool(
        name: "coordinator", threads: Self.blockingThreadCount, niceness: niceness ?? 0)
    }
    flow = FlowControl(limits: settings.flow)
    let mounts = try Self.openMounts(settings, pool, flow)
    store = try Self.openStore(settings.storeDirectory, niceness: niceness ?? 0)
    group = try Self.system { () throws(RingError) in
      var options = Reactor.Options()
      options.name = "coordinator"
      options.duty = niceness.map { .background(niceness: $0) } ?? .steady
      return try ReactorGroup([options])
    }
    var parts = Coordinator.Parts(
      reactor: group.reactors[0], pool: pool, mounts: mounts, store: store,
      limits: settings.limits, failedListDirectory: settings.failedListDirectory)
    parts.pointCount = settings.pointCount
    do throws(SchedulerError) {
      coordinator = try Coordinator(parts)
    } catch {
      throw StartError(.directory, "the job store cannot be read: \(error)")
    }
    phase = Phase()
    nodes = CoordinatorNodes(pins: try PinnedPaths(file: settings.pinsFile))
    server = try Self.serve(settings, group, coordinator, nodes, phase)
    (engine, rpc, watch) = try Self.serveWorkers(
      settings, group.reactors[0], coordinator, nodes)
    nodes.set(Self.report(settings, rpc: rpc, web: server))
    if let worker { worker.join(coordinator, nodes) }
    coordinator.start()
  }

  private static func system<T>(
    _ body: () throws(RingError) -> T
  ) throws(StartError) -> T {
    do throws(RingError) { return try body() } catch {
      throw StartError(.system, "the coordinator cannot be started: \(error.sentence)")
    }
  }

  /// Opens the mounts that listings look in.
  static func openMounts(
    _ settings: CoordinatorSettings, _ pool: BlockingPool, _ flow: FlowControl
  ) throws(StartError) -> MountTable {
    var options = HTTPClientOptions()
    options.connectionsPerOrigin = max(options.connectionsPerOrigin, settings.flow.countMax)
    let http = HTTPClient(reactors: 1, options: options, resolver: HostResolver(pool: pool))
    var environment = UFSEnvironment(pool: pool, http: http, flow: flow)
    environment.flowOptions = settings.flowOptions
    environment.settings = settings.mountDefaults
    environment.uploads = UploadMemory(limit: settings.uploadMemory)
    do throws(MountError) {
      return try MountTable(opening: settings.mounts, in: environment)
    } catch { throw StartError(.directory, "\(error)") }
  }

  private static func openStore(
    _ path: String, niceness: Int
  ) throws(StartError) -> RocksJobStore {
    do throws(SchedulerError) {
      return try RocksJobStore(path: path, niceness: niceness)
    } catch {
      let key = Configuration.StringKey.jobStoreDirectory.rawValue
      let remedy =
        error.code == .corrupt
        ? "move \(path) away to begin without its jobs, or name another directory with \(key)"
        : "see \(key)"
      throw StartError(.directory, "\(error); \(remedy)")
    }
  }

  private static func serve(
    _ settings: CoordinatorSettings, _ group: ReactorGroup, _ coordinator: Coordinator,
    _ nodes: CoordinatorNodes, _ phase: Phase
  ) throws(StartError) -> HTTPServer {
    let handler = CoordinatorAPI(coordinator, nodes) { phase.obstacle }
    return try WorkerPorts.open(
      "coordinator", settings.web, settings.http, group.reactors, handler
    ).server
  }

  /// How others see this coordinator.
  private static func report(
    _ settings: CoordinatorSettings, rpc: RPCServer, web: HTTPServer
  ) -> CoordinatorReport {
    var port = settings.web.port
    if case .ip(_, let bound) = web.address { port = bound }
    let id = JobID.make(
      milliseconds: Coordinator.date(), sequence: 0, random: Coordinator.randomWord())
    return CoordinatorReport(
      id: "\(id)", host: settings.host, rpcPort: rpc.ports.first ?? settings.rpc.port,
      webPort: port, startedAt: Coordinator.date())
  }

  /// Opens the port of gRPC.
  private static func serveWorkers(
    _ settings: CoordinatorSettings, _ reactor: Reactor, _ coordinator: Coordinator,
    _ nodes: CoordinatorNodes
  ) throws(StartError) -> (RPCEngine, RPCServer, Task<Void, Never>) {
    if let problem = settings.channel.tls?.problem { throw StartError(.configuration, problem) }
    do throws(RPCError) {
      let engine = try RPCEngine()
      let server = RPCServer(
        engine: engine,
        options: RPCServerOptions(
          addresses: [.tcp(host: settings.rpc.host, port: settings.rpc.port)],
          tls: settings.channel.tls, keepalive: settings.keepalive))
      let registry = WorkerRegistry(
        coordinator, nodes, engine: engine, channel: settings.channel, options: settings.registry)
      server.register(registry)
      server.register(JobsRPC(coordinator))
      HealthService().register(on: server)
      ReflectionService.register(on: server)
      try server.start(on: [reactor])
      let watch = Task(executorPreference: reactor) { await registry.watch(on: reactor) }
      return (engine, server, watch)
    } catch {
      throw StartError(.port, "\(error.message); set \(settings.rpc.key)")
    }
  }

  /// Looks whether the coordinator's ports can be listened on, before anything else is started.
  ///
  /// - Throws: `.port`, naming the key that sets it.
  package static func probePorts(_ settings: CoordinatorSettings) throws(StartError) {
    try WorkerPorts.probe([("coordinator", settings.web), ("coordinator RPC", settings.rpc)])
  }

  /// From now on /readyz says so; the process obeys signals.
  package func becomeReady() { phase.turn(to: nil) }

  /// Logs that the coordinator serves.
  package func logReady() {
    let port = rpc.ports.first ?? settings.rpc.port
    log.notice(
      "coordinator ready",
      metadata: [
        "web": "\(server.address)", "rpc": "\(settings.rpc.host.bracketedHost):\(port)",
        "store": "\(settings.storeDirectory)",
      ])
  }

  /// Ends the work: requests end, nothing more is dispatched; jobs that run go on at the next start.
  ///
  /// Questions are still answered, as a worker of this process may ask some until it stops.
  package func rest() {
    phase.turn(to: "the coordinator is stopping")
    let limit = min(Self.drainMax, settings.shutdownTimeout / 2)
    watch.cancel()
    group.reactors[0].wait { [server, rpc, coordinator, flow] in
      _ = await server.drain(within: limit)
      await rpc.stop(within: limit)
      flow.close()
      await coordinator.stop()
    }
  }

  /// Writes what was counted and ends the threads; after ``rest()``, when nobody asks any more.
  package func close() {
    store.close()
    engine.stop()
    group.stop()
    pool.stop()
    log.notice("coordinator stopped")
  }
}

/// Keeps a work directory locked.
private final class LockedDirectory: Sendable {
  private let directory: WorkDirectory

  init(_ directory: consuming WorkDirectory) { self.directory = directory }
}

/// Where the coordinator is between its start and its end.
private final class Phase: Sendable {
  private let state = Mutex<String?>("the coordinator is starting")

  /// Why the coordinator is not ready; nil when it is.
  var obstacle: String? { state.withLock { $0 } }

  func turn(to obstacle: String?) { state.withLock { $0 = obstacle } }
}

extension Worker {
  /// Makes this worker run the tasks of the coordinator in its process, and sends its loads there.
  func join(_ coordinator: Coordinator, _ nodes: CoordinatorNodes) {
    let host = settings.advertisedHost.isEmpty ? "localhost" : settings.advertisedHost
    let port = address(of: "rest").flatMap { address -> UInt16? in
      if case .ip(_, let port) = address { port } else { nil }
    }
    let identity = WorkerIdentity(host: host)
    let card = WireWorker.make {
      $0.id = "\(JobID(high: identity.high, low: identity.low))"
      $0.host = host
      $0.restPort = UInt32(port ?? 0)
      $0.version = Version.text
      $0.incarnation = Coordinator.randomWord()
    }
    nodes.set(ResidentWorker(identity: identity, card: card, inventory: parts.inventory))
    nodes.pins.listen { [pins = parts.pins] paths, revision in pins.follow(paths, revision) }
    let info = WorkerInfo(
      identity, name: port.map { "\(host):\($0)" } ?? host, incarnation: card.incarnation)
    coordinator.join(info, parts.tasks)
    parts.jobService.link(to: coordinator)
  }
}

/// The worker in the coordinator's process.
private struct ResidentWorker: LocalNode {
  let identity: WorkerIdentity
  let card: WireWorker
  let inventory: WorkerInventory
  private let startedAt = Coordinator.date()

  init(identity: WorkerIdentity, card: WireWorker, inventory: WorkerInventory) {
    (self.identity, self.card, self.inventory) = (identity, card, inventory)
  }

  func report(now: Int64) -> WorkerReport {
    WorkerReport(
      card: card, state: .online, capacity: inventory.capacity, held: inventory.held,
      registeredAt: startedAt, heardAt: now)
  }
}
