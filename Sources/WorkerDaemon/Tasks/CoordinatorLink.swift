// A worker of a coordinator in another process: it serves tasks, registers, and says that it lives.
//
//   wait for restored pages ─▶ Register: card, files held, last ─▶ lease ─▶ Heartbeat, Heartbeat … ─▶ leaving
//            ▲────────────────────────── no lease ◀──────────────────────────┘

import HTTPWire
import Logging
import Messages
import Model
import RPC
import Ring
import Scheduler
import Synchronization

/// The gRPC of a worker and its membership.
final class CoordinatorLink: Sendable {
  /// What the link needs to know.
  struct Options: Sendable {
    /// `host:port` of the coordinator's gRPC.
    var target: String
    /// The coordinator's web port.
    var web: HTTPOrigin
    /// Name or address by which others reach this worker; empty for the one that its connection comes from.
    var host: String
    /// Where the worker's gRPC listens.
    var bind: WorkerSettings.Endpoint
    /// Path of the domain socket; empty when there is none.
    var domainSocket = ""
    /// Port of REST, where clients ask; 0 when there is none.
    var restPort: UInt16 = 0
    /// Settings of calls to the coordinator.
    var channel: RPCChannelOptions
    /// Pings of the server.
    var keepalive: RPCKeepalive
    /// Longest pause between heartbeats; the coordinator may ask for a shorter one.
    var heartbeatInterval = Duration.seconds(1)
    /// Whether the coordinator is told which files are held.
    var tellsFiles = true
    /// Files of one message.
    var batchSize = 100_000
    /// Time that a registration may take.
    var registerDeadline = Duration.seconds(900)
  }

  /// Pause before another attempt at a coordinator that does not answer; up to twice as long by chance.
  private static let pause = 500
  /// How long a worker waits for the pages of its earlier life before it registers without them.
  private static let restoreWait = Duration.seconds(60)
  /// How long a coordinator may take to hear that the worker stops.
  private static let leaveLimit = Duration.seconds(1)

  /// The worker that is linked.
  struct Subject: Sendable {
    /// Rings that serve its gRPC; the first one keeps the lease.
    var reactors: [Reactor]
    /// Runs the tasks that the coordinator sends.
    var tasks: TaskRunner
    /// What it holds.
    var inventory: WorkerInventory
    /// Paths that the coordinator has pinned.
    var pins: FollowedPins
  }

  private let options: Options
  private let worker: Subject
  private let engine: RPCEngine
  private let server: RPCServer
  private let client: RegistryClient
  private let card: WireWorker
  private let reactor: Reactor
  private let log = Logger(label: "membership")
  private let lines = LineLimit(interval: 60_000_000_000)
  private struct State {
    var task: Task<Void, Never>?
    var lease: UInt64?
  }

  private let state = Mutex(State())

  /// Listens, and begins to register.
  ///
  /// - Throws: `.port` when the port cannot be had, `.configuration`, `.system` and `.directory`.
  init(_ options: Options, id: JobID, _ worker: Subject) throws(StartError) {
    self.options = options
    self.worker = worker
    reactor = worker.reactors[0]
    if let problem = options.channel.tls?.problem { throw StartError(.configuration, problem) }
    do throws(RPCError) {
      engine = try RPCEngine()
      server = RPCServer(
        engine: engine,
        options: RPCServerOptions(
          addresses: [.tcp(host: options.bind.host, port: options.bind.port)],
          tls: options.channel.tls, keepalive: options.keepalive))
      server.register(TaskService(worker.tasks))
      HealthService().register(on: server)
      let channel = try RPCChannel(
        engine: engine, target: options.target, options: options.channel)
      client = RegistryClient(channel)
      try server.start(on: worker.reactors)
    } catch {
      throw StartError(.port, "\(error.message); set \(options.bind.key)")
    }
    let port = server.ports.first ?? options.bind.port
    card = .make {
      $0.id = "\(id)"
      $0.host = options.host
      $0.rpcPort = UInt32(port)
      $0.restPort = UInt32(options.restPort)
      $0.domainSocket = options.domainSocket
      $0.version = Version.text
      $0.incarnation = Coordinator.randomWord()
    }
    let running = Task(executorPreference: reactor) { await self.run() }
    state.withLock { $0.task = running }
  }

  private func run() async {
    guard await waitForPages() else { return }
    while !Task.isCancelled {
      do throws(RPCError) {
        let lease = try await register()
        log.notice("registered", metadata: ["coordinator": "\(options.target)"])
        state.withLock { $0.lease = lease.leaseID }
        try await stay(lease)
      } catch {
        guard !Task.isCancelled else { return }
        complain(error)
      }
      state.withLock { $0.lease = nil }
      // Many workers of a coordinator that was started again do not come at once.
      let pause = Duration.milliseconds(Self.pause + Int(Coordinator.randomWord() % 500))
      guard await reactor.sleep(for: pause) else { return }
    }
  }

  /// Waits until the worker knows what it holds; false when the task was cancelled.
  private func waitForPages() async -> Bool {
    let deadline = reactor.now &+ Self.restoreWait.nanoseconds
    while !worker.inventory.isComplete, reactor.now < deadline {
      guard await reactor.sleep(for: .milliseconds(20)) else { return false }
    }
    return !Task.isCancelled
  }

  /// Says once a minute why there is no lease.
  private func complain(_ error: RPCError) {
    guard case .tell = lines.turn(of: "\(error.code)", now: reactor.now) else { return }
    let isDistrust =
      error.message.contains("handshake") || error.message.contains("certificate")
    let remedy =
      isDistrust
      ? "; see \(Configuration.BooleanKey.tlsEnabled.rawValue) and"
        + " \(Configuration.StringKey.tlsAuthoritiesFile.rawValue) here and at the coordinator" : ""
    log.warning("no lease of the coordinator at \(options.target): \(error)\(remedy)")
  }

  // MARK: Registering

  private func register() async throws(RPCError) -> WireRegisterResponse {
    let stream = try client.register(options: RPCCallOptions(timeout: options.registerDeadline))
    var message = WireRegisterRequest()
    message.worker = card
    message.capacity = worker.inventory.capacity.map(WireCapacity.init)
    message.pageSize = UInt64(worker.inventory.pageSize)
    var (batchCount, fileCount): (UInt64, UInt64) = (0, 0)
    var cursor: [UInt8]?
    var isLast = !options.tellsFiles
    repeat {
      if !isLast {
        guard
          let batch = await worker.inventory.batch(from: cursor, countMax: options.batchSize)
        else { throw RPCError(.unavailable, "the catalog of cached files cannot be read") }
        message.files = batch.files
        cursor = batch.next
        isLast = cursor == nil
      }
      batchCount += 1
      fileCount += UInt64(message.files.count)
      if isLast {
        message.isLast = true
        (message.batchCount, message.fileCount) = (batchCount, fileCount)
        message.unnamedFiles = worker.inventory.held.unnamed
      }
      // What ended the call is told by its response.
      guard try await stream.send(message) else { break }
      message = WireRegisterRequest()
    } while !isLast
    return try await stream.response()
  }

  // MARK: Staying

  /// Says that the worker lives until nobody wants to hear it.
  private func stay(_ lease: WireRegisterResponse) async throws(RPCError) {
    let asked = Duration.milliseconds(Int64(min(max(lease.heartbeatMilliseconds, 10), 60_000)))
    let interval = max(.milliseconds(10), min(asked, options.heartbeatInterval))
    let limit = min(max(lease.lostAfterMilliseconds, 1000), 60_000)
    let call = RPCCallOptions(timeout: .milliseconds(Int64(limit)))
    repeat {
      let answer = try await client.heartbeat(
        heartbeat(lease.leaseID, isLeaving: false), options: call)
      if answer.pinnedRevision != worker.pins.revision {
        worker.pins.follow(answer.pinnedPaths, answer.pinnedRevision)
      }
    } while await reactor.sleep(for: interval)
  }

  private func heartbeat(_ lease: UInt64, isLeaving: Bool) -> WireHeartbeatRequest {
    let held = worker.inventory.held
    return .make {
      $0.workerID = card.id
      $0.leaseID = lease
      $0.incarnation = card.incarnation
      $0.capacity = worker.inventory.capacity.map(WireCapacity.init)
      $0.runningTasks = UInt32(clamping: worker.tasks.taskCount)
      $0.pinnedRevision = worker.pins.revision
      ($0.heldFiles, $0.heldBytes) = (held.files, held.bytes)
      $0.isLeaving = isLeaving
    }
  }

  // MARK: Stopping

  /// Tells the coordinator that the worker stops, so that nothing more is given to it; waits a second at most.
  func leave() async {
    let (running, lease) = state.withLock { state in
      defer { (state.task, state.lease) = (nil, nil) }
      return (state.task, state.lease)
    }
    running?.cancel()
    await running?.value
    guard let lease else { return }
    let call = RPCCallOptions(
      timeout: Self.leaveLimit, retry: RPCRetryPolicy(budget: Self.leaveLimit))
    do throws(RPCError) {
      _ = try await client.heartbeat(heartbeat(lease, isLeaving: true), options: call)
    } catch {
      log.info("the coordinator was not told that this worker stops: \(error)")
    }
  }

  /// Ends the server; the engine ends with `close`.
  ///
  /// After ``leave()``.
  func stop(within limit: Duration) async { await server.stop(within: limit) }

  /// Ends the threads of gRPC; call after `stop`, not from a ring.
  func close() { engine.stop() }
}
