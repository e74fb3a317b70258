// Which workers there are: they register, say that they live, and are lost when they do not.

import Logging
import Messages
import Model
import RPC
import Ring
import Scheduler
import Synchronization

/// Answers `penstock.v1.Registry` for a coordinator.
final class WorkerRegistry: RegistryHandler {
  private struct Member {
    var card: WireWorker
    var identity: WorkerIdentity
    var lease: UInt64
    var heardAt: UInt64
    var isLost = false
  }

  private let coordinator: Coordinator
  private let engine: RPCEngine
  private let channel: RPCChannelOptions
  private let silenceMax: Duration
  private let log = Logger(label: "registry")
  private let members = Mutex<[String: Member]>([:])

  /// A registry for `coordinator`, which takes a worker that is silent for `silenceMax` for lost.
  init(
    _ coordinator: Coordinator, engine: RPCEngine, channel: RPCChannelOptions, silenceMax: Duration
  ) {
    self.coordinator = coordinator
    self.engine = engine
    self.channel = channel
    self.silenceMax = silenceMax
  }

  /// How often a worker is to say that it lives.
  private var interval: Duration { max(.milliseconds(50), min(.seconds(1), silenceMax / 5)) }

  func register(
    _ requests: RPCRequestReader<WireRegisterRequest>, _ context: RPCServerContext
  ) async throws(RPCError) -> WireRegisterResponse {
    var card: WireWorker?
    var isComplete = false
    while let request = try await requests.next() {
      if card == nil, request.hasWorker { card = request.worker }
      isComplete = request.isLast
    }
    guard let card, isComplete, let id = JobID(card.id), !card.host.isEmpty, card.rpcPort > 0 else {
      throw RPCError(.invalidArgument, "a registration has a worker's card and a last message")
    }
    let identity = WorkerIdentity(high: id.high, low: id.low)
    let host = card.host.utf8.contains(UInt8(ascii: ":")) ? "[\(card.host)]" : card.host
    let target = "\(host):\(card.rpcPort)"
    let worker = RemoteWorker(
      try RPCChannel(engine: engine, target: target, options: channel), on: coordinator.reactor)
    let lease = Coordinator.randomWord() | 1
    members.withLock {
      $0[card.id] = Member(
        card: card, identity: identity, lease: lease, heardAt: Coordinator.ticks())
    }
    coordinator.join(
      WorkerInfo(identity, name: target, incarnation: card.incarnation), worker)
    log.notice("worker registered", metadata: ["worker": "\(target)", "id": "\(card.id)"])
    return .make {
      $0.leaseID = lease
      $0.heartbeatMilliseconds = UInt64(clamping: interval.nanoseconds / 1_000_000)
      $0.lostAfterMilliseconds = UInt64(clamping: silenceMax.nanoseconds / 1_000_000)
    }
  }

  func heartbeat(
    _ request: WireHeartbeatRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireHeartbeatResponse {
    let isKnown = members.withLock { members in
      guard var member = members[request.workerID], member.lease == request.leaseID,
        member.card.incarnation == request.incarnation, !member.isLost
      else { return false }
      member.heardAt = Coordinator.ticks()
      members[request.workerID] = member
      return true
    }
    guard isKnown else { throw RPCError(.notFound, "the worker has no lease: register again") }
    return WireHeartbeatResponse()
  }

  func nodes(
    _ request: WireNodesRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireNodesResponse {
    let all = members.withLock { Array($0.values) }
    return .make { answer in
      answer.workers = all.map { member in
        .make {
          $0.worker = member.card
          $0.state = member.isLost ? .lost : .online
        }
      }
    }
  }

  /// Takes silent workers for lost, for as long as the task is not cancelled.
  func watch(on reactor: Reactor) async {
    while await reactor.sleep(for: interval) {
      let now = Coordinator.ticks()
      let lost = members.withLock { members -> [Member] in
        let silent = members.filter { _, member in
          !member.isLost && now &- member.heardAt > silenceMax.nanoseconds
        }
        for key in silent.keys { members[key]?.isLost = true }
        return Array(silent.values)
      }
      for member in lost {
        log.warning(
          "worker lost", metadata: ["worker": "\(member.card.host):\(member.card.rpcPort)"])
        coordinator.lose(member.identity)
      }
    }
  }
}
