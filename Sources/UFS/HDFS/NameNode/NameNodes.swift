// The name nodes of a cluster as one ring sees them: one of them is active, and calls find it.
//
//   call ─▶ active? ─▶ connection (one per ring and name node) ─▶ answer
//             ▲ StandbyException, no connection: the next name node; after a round, wait longer each time
//
// A call keeps its number when it is repeated: name nodes remember the answers to recent changes and give the same again,
// so a change whose answer was lost is not made twice.

import Glibc
import Ring
import Synchronization

/// Calls to the active name node.
///
/// Ring-confined.
final class NameNodes {
  @safe private enum Slot {
    case none
    case opening([UnsafeContinuation<Void, Never>])
    case open(NameNodeConnection)
  }

  private let cluster: HDFSCluster
  private let reactor: Reactor
  private var slots: [Slot]

  /// Calls from `reactor` to the name nodes of `cluster`.
  init(_ cluster: HDFSCluster, _ reactor: Reactor) {
    self.cluster = cluster
    self.reactor = reactor
    slots = Array(repeating: .none, count: cluster.nameNodes.count)
  }

  /// Makes a call of `method`, at whichever name node is active.
  ///
  /// Each attempt waits for its turn as `asking`; nil is for calls that belong to a request which has its turn already.
  ///
  /// - Throws: What the name node says, or why none could be asked.
  func call(
    _ method: StaticString, as asking: HDFSAsking?, _ request: (inout ProtobufWriter) -> Void
  ) async throws(HDFSFailure) -> ProtobufReader {
    let number = cluster.nextCall()
    let bytes = ProtobufWriter(request).bytes
    let deadline = min(
      reactor.now &+ cluster.options.callTime.nanoseconds, UFSDeadline.current)
    var (attempt, pauseCount, pause) = (0, 0, Duration.zero)
    while true {
      let index = cluster.active.load(ordering: .relaxed) % cluster.nameNodes.count
      var pass = try await enter(asking, deadline)
      do throws(HDFSFailure) {
        let answer = try await self.call(index, number, method, bytes, attempt, deadline)
        pass.take()?.finish(.ok(bytes: 0))
        return answer
      } catch {
        attempt += 1
        pass.take()?.finish(outcome(error, attempt))
        guard mayRepeat(error, attempt), reactor.now < deadline, !Task.isCancelled else {
          throw told(error, index)
        }
        if movesOn(error) { cluster.moveOn(from: index) }
        // The first try elsewhere comes at once.
        guard attempt >= cluster.nameNodes.count || isRetriable(error) else { continue }
        pauseCount += 1
        let next = cluster.gate.retry(
          asking?.verb ?? .put, for: asking?.purpose ?? .demand,
          after: UFSError(error, operation: "ufs.call", path: ""),
          attempt: pauseCount, previous: pause, deadline: deadline)
        guard let next, await reactor.sleep(for: next) else {
          throw told(error, index)
        }
        pause = next
      }
    }
  }

  /// A failure of the connection with the address that was asked, for people.
  private func told(_ failure: HDFSFailure, _ index: Int) -> HDFSFailure {
    switch failure {
    case .connection(let errno, _) where errno != ECANCELED:
      .unreached(cluster.nameNodes[index], errno: errno)
    case .wire(let error): .stranger(cluster.nameNodes[index], error)
    case .connection, .exception, .name, .refused, .timeout, .checksum, .flow, .unevenPackets,
      .unreached, .unreachedData, .stranger:
      failure
    }
  }

  private func enter(
    _ asking: HDFSAsking?, _ deadline: UInt64
  ) async throws(HDFSFailure) -> FlowPass? {
    guard let asking else { return nil }
    do throws(UFSError) {
      return try await cluster.gate.enter(
        asking.verb, purpose: asking.purpose, flow: asking.flow, deadline: deadline)
    } catch {
      guard case .flow(let refusal) = error.cause else { throw .timeout }
      throw .flow(refusal)
    }
  }

  /// What a failure says of the cluster: that all its name nodes stand by, or ask for patience, is to be asked less.
  private func outcome(_ failure: HDFSFailure, _ attempt: Int) -> FlowOutcome {
    if case .exception(let exception) = failure {
      let isIdle = exception.isStandby && attempt >= cluster.nameNodes.count
      if isIdle || exception.isBusy { return .throttled(retryAfter: nil) }
    }
    return FlowOutcome(UFSError(failure, operation: "ufs.call", path: ""), retryAfter: nil)
  }

  /// Ends all connections.
  func close() {
    for index in slots.indices {
      if case .open(let connection) = slots[index] {
        connection.close(.connection(ECANCELED, isSent: false))
      }
    }
  }

  private func call(
    _ index: Int, _ number: UInt32, _ method: StaticString, _ request: [UInt8], _ attempt: Int,
    _ deadline: UInt64
  ) async throws(HDFSFailure) -> ProtobufReader {
    let connection = try await connection(index)
    return try await connection.call(
      number, method, request, retry: Int32(clamping: attempt) - (attempt == 0 ? 1 : 0),
      deadline: deadline)
  }

  private func isRetriable(_ failure: HDFSFailure) -> Bool {
    if case .exception(let exception) = failure { exception.isRetriable } else { false }
  }

  /// Whether the other name node may know better.
  private func movesOn(_ failure: HDFSFailure) -> Bool {
    switch failure {
    case .exception(let exception): exception.isStandby
    case .connection, .name, .timeout: true
    case .wire, .refused, .checksum, .unevenPackets, .flow, .unreached, .unreachedData, .stranger:
      false
    }
  }

  /// Whether to try again: with one name node only once, for a connection that an idle server closed.
  private func mayRepeat(_ failure: HDFSFailure, _ attempt: Int) -> Bool {
    if isRetriable(failure) { return attempt <= cluster.options.rounds }
    guard movesOn(failure) else { return false }
    let count = cluster.nameNodes.count
    if count > 1 { return attempt < count * cluster.options.rounds }
    if case .connection(_, isSent: true) = failure { return attempt == 1 }
    return false
  }

  private func connection(_ index: Int) async throws(HDFSFailure) -> NameNodeConnection {
    while true {
      switch slots[index] {
      case .open(let connection) where connection.end == nil: return connection
      case .none, .open: return try await open(index)
      case .opening:
        await unsafe withUnsafeContinuation { continuation in
          guard case .opening(let waiters) = slots[index] else {
            return unsafe continuation.resume()
          }
          unsafe slots[index] = .opening(waiters + [continuation])
        }
      }
    }
  }

  private func open(_ index: Int) async throws(HDFSFailure) -> NameNodeConnection {
    unsafe slots[index] = .opening([])
    var result = Slot.none
    defer {
      if case .opening(let waiters) = slots[index] {
        slots[index] = result
        unsafe waiters.forEach { unsafe $0.resume() }
      }
    }
    var last: HDFSFailure?
    for address in try await cluster.addresses(of: cluster.nameNodes[index], reactor) {
      do throws(HDFSFailure) {
        let connection = try await NameNodeConnection(
          address, user: cluster.user, client: cluster.clientID, reactor: reactor,
          within: cluster.options.connectTime)
        result = .open(connection)
        return connection
      } catch {
        last = error
      }
    }
    throw last ?? .name("the name node has no address")
  }
}
