// How workers become known: they register under a lease, say that they live, and are lost when they do not.
//
//   Register ─ lease ─ card ─ what is held, batch by batch ─ last ─▶ NodeDirectory, scheduler
//   Heartbeat ─▶ NodeDirectory ─▶ pinned paths when the worker has others
//   watch: silent ─▶ lost ─▶ removed

import Logging
import Messages
import Model
import RPC
import Ring
import Scheduler
import Synchronization

/// Answers `penstock.v1.Registry` for a coordinator.
final class WorkerRegistry: RegistryHandler {
  /// Bounds of the registry.
  struct Options: Sendable {
    /// Silence after which a worker counts as lost.
    var silenceMax = Duration.seconds(300)
    /// How often silent workers are looked for.
    var lookInterval = Duration.seconds(10)
    /// How long a lost worker is remembered.
    var lostLifeMax = Duration.seconds(1800)
    /// Workers that register at a time; nil for any number.
    var leaseCountMax: Int? = 20
    /// Silence after which a registration gives up its lease.
    var leaseLife = Duration.seconds(60)

    /// The defaults of compat §9.
    init() {}
  }

  private let coordinator: Coordinator
  private let nodes: CoordinatorNodes
  private let engine: RPCEngine
  private let channel: RPCChannelOptions
  private let options: Options
  private let log = Logger(label: "registry")
  private let leases: Mutex<RegisterLeases>
  private let remotes = Mutex<[String: RemoteWorker]>([:])

  /// A registry of `nodes` for `coordinator`, which calls workers over channels of `engine`.
  init(
    _ coordinator: Coordinator, _ nodes: CoordinatorNodes, engine: RPCEngine,
    channel: RPCChannelOptions, options: Options
  ) {
    self.coordinator = coordinator
    self.nodes = nodes
    self.engine = engine
    self.channel = channel
    self.options = options
    leases = Mutex(
      RegisterLeases(countMax: options.leaseCountMax, life: options.leaseLife.nanoseconds))
  }

  /// How often a worker is to say that it lives, at the least.
  private var interval: Duration {
    max(.milliseconds(50), min(.seconds(1), options.silenceMax / 5))
  }

  // MARK: Registering

  func register(
    _ requests: RPCRequestReader<WireRegisterRequest>, _ context: RPCServerContext
  ) async throws(RPCError) -> WireRegisterResponse {
    guard let turn = leases.withLock({ $0.take(now: Coordinator.ticks()) }) else {
      throw RPCError(.resourceExhausted, "all register leases are taken: try again")
    }
    defer { leases.withLock { $0.giveBack(turn) } }
    var census = HeldCensus()
    var first: WireRegisterRequest?
    var isComplete = false
    while let request = try await requests.next() {
      guard !isComplete else {
        throw RPCError(.invalidArgument, "a registration ends with its last message")
      }
      guard leases.withLock({ $0.renew(turn, now: Coordinator.ticks()) }) else {
        throw RPCError(.aborted, "the register lease ran out: register again")
      }
      if first == nil { first = request.withoutFiles }
      if let problem = census.take(request) { throw RPCError(.invalidArgument, problem) }
      isComplete = request.isLast
    }
    guard var first, first.hasWorker, isComplete else {
      throw RPCError(.invalidArgument, "a registration has a worker's card and a last message")
    }
    if first.worker.host.isEmpty { first.worker.host = Self.host(of: context.peer) }
    return try admit(first, census)
  }

  /// The host of a peer such as `ipv4:10.0.0.7:4711` or `ipv6:%5Bfe80::1%5D:4711`.
  static func host(of peer: String) -> String {
    guard let scheme = peer.firstIndex(of: ":"), peer.hasPrefix("ipv"),
      let colon = peer.lastIndex(of: ":"), colon > scheme
    else { return "localhost" }
    var host = String(peer[peer.index(after: scheme)..<colon])
    for (code, sign) in [("%5B", "["), ("%5D", "]")] {
      host = host.split(separator: code, omittingEmptySubsequences: false).joined(separator: sign)
    }
    return host.filter { $0 != "[" && $0 != "]" }
  }

  /// Takes in a worker whose registration is complete.
  private func admit(
    _ request: WireRegisterRequest, _ census: HeldCensus
  ) throws(RPCError) -> WireRegisterResponse {
    let card = request.worker
    guard let id = JobID(card.id), !card.host.isEmpty, card.rpcPort > 0, card.rpcPort < 65536 else {
      throw RPCError(.invalidArgument, "a worker's card has a UUID, a host and a port")
    }
    let identity = WorkerIdentity(high: id.high, low: id.low)
    let admission = nodes.directory.admit(
      card, identity, capacity: request.capacity.map(TierUse.init), held: census,
      lease: Coordinator.randomWord() | 1, quiet: 3 * interval.nanoseconds, now: .now)
    switch admission {
    case .inUse(let other):
      throw RPCError(
        .alreadyExists,
        "the identity \(card.id) is that of the worker at \(other), which lives: give"
          + " each worker its own alluxio.worker.identity.uuid, or work directory")
    case .admitted(let lease, let before):
      try join(card, identity)
      var metadata: Logger.Metadata = [
        "worker": "\(Self.target(card))", "id": "\(card.id)", "holds": "\(census.text)",
      ]
      if let before { metadata["before"] = "\(before.text)" }
      log.notice("worker registered", metadata: metadata)
      return .make {
        $0.leaseID = lease
        $0.heartbeatMilliseconds = UInt64(clamping: interval.nanoseconds / 1_000_000)
        $0.lostAfterMilliseconds = UInt64(clamping: options.silenceMax.nanoseconds / 1_000_000)
        $0.coordinatorID = nodes.coordinators.first?.id ?? ""
      }
    }
  }

  private func join(_ card: WireWorker, _ identity: WorkerIdentity) throws(RPCError) {
    let target = Self.target(card)
    let worker = RemoteWorker(
      try RPCChannel(engine: engine, target: target, options: channel), on: coordinator.reactor)
    coordinator.join(WorkerInfo(identity, name: target, incarnation: card.incarnation), worker)
    // What it ran under its old lease is dispatched anew: the old calls are of no use to anybody.
    let old = remotes.withLock { remotes in
      defer { remotes[card.id] = worker }
      return remotes[card.id]
    }
    old?.cancelAll()
  }

  private static func target(_ card: WireWorker) -> String {
    let host = card.host.bracketedHost
    return "\(host):\(card.rpcPort)"
  }

  // MARK: Living

  func heartbeat(
    _ request: WireHeartbeatRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireHeartbeatResponse {
    guard let identity = nodes.directory.hear(request, now: .now) else {
      throw RPCError(.notFound, "the worker has no lease: register again")
    }
    if request.isLeaving {
      log.notice("worker leaves", metadata: ["id": "\(request.workerID)"])
      coordinator.lose(identity)
      forget(request.workerID)
    }
    var answer = WireHeartbeatResponse()
    answer.pinnedRevision = nodes.pins.revision
    if answer.pinnedRevision != request.pinnedRevision {
      (answer.pinnedPaths, answer.pinnedRevision) = nodes.pins.all
    }
    return answer
  }

  func nodes(
    _ request: WireNodesRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireNodesResponse {
    let workers = await nodes.workers(of: coordinator)
    return .make {
      $0.workers = workers.map(\.wire)
      $0.coordinators = nodes.coordinators.map(\.wire)
    }
  }

  /// Takes silent workers for lost and forgets those lost for long, for as long as the task is not cancelled.
  func watch(on reactor: Reactor) async {
    let (silence, life) = (options.silenceMax.nanoseconds, options.lostLifeMax.nanoseconds)
    let pause = max(.milliseconds(10), min(options.lookInterval, interval, options.lostLifeMax))
    while await reactor.sleep(for: pause) {
      for (identity, report) in nodes.directory.findSilent(silence, now: .now) {
        log.warning(
          "worker lost", metadata: ["worker": "\(report.address)", "id": "\(report.card.id)"])
        coordinator.lose(identity)
        forget(report.card.id)
      }
      for (identity, report) in nodes.directory.removeLost(life, now: .now) {
        log.notice(
          "lost worker removed",
          metadata: ["worker": "\(report.address)", "id": "\(report.card.id)"])
        coordinator.remove(identity)
      }
    }
  }

  /// Ends the calls to a worker that is lost.
  private func forget(_ id: String) {
    remotes.withLock { $0.removeValue(forKey: id) }?.cancelAll()
  }
}

extension WireRegisterRequest {
  /// What is not said again in each message.
  fileprivate var withoutFiles: WireRegisterRequest {
    var first = WireRegisterRequest()
    if hasWorker { first.worker = worker }
    first.capacity = capacity
    return first
  }
}
