// A worker of a coordinator in another process: it serves tasks, registers, and says that it lives.

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
    /// Name or address by which others reach this worker.
    var host: String
    /// Where the worker's gRPC listens.
    var bind: WorkerSettings.Endpoint
    /// File that keeps the worker's UUID; written when it is not there.
    var identityFile: String
    /// The UUID, when it is configured.
    var identity: String
    /// Settings of calls to the coordinator.
    var channel: RPCChannelOptions
    /// Pings of the server.
    var keepalive: RPCKeepalive
  }

  /// Pause before another attempt at a coordinator that does not answer.
  private static let pause = Duration.milliseconds(500)

  private let options: Options
  private let engine: RPCEngine
  private let server: RPCServer
  private let client: RegistryClient
  private let card: WireWorker
  private let reactor: Reactor
  private let log = Logger(label: "membership")
  private let task = Mutex<Task<Void, Never>?>(nil)

  /// Listens, and begins to register.
  ///
  /// - Throws: `.port` when the port cannot be had, `.system` and `.directory`.
  init(_ options: Options, runner: TaskRunner, reactors: [Reactor]) throws(StartError) {
    self.options = options
    reactor = reactors[0]
    let id = try Self.identity(options)
    do throws(RPCError) {
      engine = try RPCEngine()
      server = RPCServer(
        engine: engine,
        options: RPCServerOptions(
          addresses: [.tcp(host: options.bind.host, port: options.bind.port)],
          keepalive: options.keepalive))
      server.register(TaskService(runner))
      HealthService().register(on: server)
      let channel = try RPCChannel(
        engine: engine, target: options.target, options: options.channel)
      client = RegistryClient(channel)
      try server.start(on: reactors)
    } catch {
      throw StartError(.port, "\(error.message); set \(options.bind.key)")
    }
    let port = server.ports.first ?? options.bind.port
    card = .make {
      $0.id = "\(id)"
      $0.host = options.host
      $0.rpcPort = UInt32(port)
      $0.version = Version.text
      $0.incarnation = Coordinator.randomWord()
    }
    let running = Task(executorPreference: reactor) { await self.run() }
    task.withLock { $0 = running }
  }

  private func run() async {
    while !Task.isCancelled {
      do throws(RPCError) {
        let lease = try await register()
        log.notice("registered", metadata: ["coordinator": "\(options.target)"])
        try await stay(lease)
      } catch {
        guard !Task.isCancelled else { return }
        log.warning("no lease of the coordinator: \(error)")
      }
      guard await reactor.sleep(for: Self.pause) else { return }
    }
  }

  private func register() async throws(RPCError) -> WireRegisterResponse {
    let stream = try client.register(options: RPCCallOptions(timeout: .seconds(10)))
    _ = try await stream.send(
      .make {
        $0.worker = card
        $0.isLast = true
        $0.batchCount = 1
      })
    return try await stream.response()
  }

  /// Says that the worker lives until nobody wants to hear it.
  private func stay(_ lease: WireRegisterResponse) async throws(RPCError) {
    let milliseconds = min(max(lease.heartbeatMilliseconds, 10), 60_000)
    let limit = min(max(lease.lostAfterMilliseconds, 1000), 60_000)
    let call = RPCCallOptions(timeout: .milliseconds(Int64(limit)))
    while await reactor.sleep(for: .milliseconds(Int64(milliseconds))) {
      _ = try await client.heartbeat(
        .make {
          $0.workerID = card.id
          $0.leaseID = lease.leaseID
          $0.incarnation = card.incarnation
        }, options: call)
    }
  }

  /// Ends the membership and the server; the engine ends with `close`.
  func stop(within limit: Duration) async {
    let running = task.withLock { $0.take() }
    running?.cancel()
    await running?.value
    await server.stop(within: limit)
  }

  /// Ends the threads of gRPC; call after `stop`, not from a ring.
  func close() { engine.stop() }

  /// The worker's UUID: as configured, else that of its file, else a new one.
  private static func identity(_ options: Options) throws(StartError) -> JobID {
    if !options.identity.isEmpty {
      guard let id = JobID(options.identity) else {
        throw StartError(
          .configuration,
          "\(Configuration.StringKey.identityUUID.rawValue) is no UUID: \(options.identity)")
      }
      return id
    }
    if let text = readSmallFile(options.identityFile),
      let id = JobID(text.filter { $0 != "\n" })
    {
      return id
    }
    let id = JobID(
      high: Coordinator.randomWord() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000,
      low: Coordinator.randomWord() >> 2 | 1 << 63)
    try writeSmallFile(options.identityFile, "\(id)\n")
    return id
  }
}
