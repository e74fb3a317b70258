// The way to the worker of this host: a connection that is made when it is needed, and made again when it was lost.

import LocalWire
import Membership
import Ring
import Synchronization

/// The short circuit of a client.
final class LocalLink: Sendable {
  /// After a failure the network is used for so long before the socket is tried again.
  private static let restTime: UInt64 = 1_000_000_000

  /// A socket where nobody answers, or another cluster does, is passed over for so long while there are others.
  private static let awayTime: UInt64 = 10_000_000_000

  private struct State {
    var connections: [String: LocalConnection] = [:]
    var restUntil: [String: UInt64] = [:]
    var failures: [String: ClientError] = [:]
    /// Every socket that can be seen.
    var sockets: [WorkerSocket] = []
    var socketsAt: UInt64 = 0
    /// Sockets that are passed over, and until when.
    var awayUntil: [String: UInt64] = [:]
    /// The sockets that paths are spread over, and how, when there are several.
    var live: [WorkerSocket] = []
    var ring = HashRing([], pointCount: 1)
    /// The cluster that answered at each socket.
    var clusters: [String: String] = [:]
    var isClosed = false
  }

  private let options: ClientOptions
  private let counters: ClientCounters
  private let state = Mutex(State())
  /// Held while connecting, so that threads that open at once share one connection.
  private let connecting = Monitor()

  init(_ options: ClientOptions, _ counters: ClientCounters) {
    self.options = options
    self.counters = counters
  }

  /// Whether a worker of this host may be there at all.
  var isPossible: Bool { options.isShortCircuitEnabled && !options.socketAddress.isEmpty }

  /// A connection for `path`; nil when no worker of this host can be seen.
  ///
  /// Where one has to be made, `first` is its first request, and `isSent` says so.
  /// - Throws: why the worker that can be seen cannot be used now.
  func connection(
    for path: String, first: (ClientFrame, LocalTicket)? = nil, isSent: inout Bool
  ) throws(ClientError) -> LocalConnection? {
    while true {
      guard let socket = socket(for: path) else { return nil }
      try checkClusters()
      if let usable = usable(socket) { return usable }
      connecting.lock()
      defer { connecting.unlock() }
      if let usable = usable(socket) { return usable }
      let begin = monotonicNow()
      do throws(ClientError) {
        try learnClusters(but: socket)
        let connection = try connect(socket, first)
        isSent = first != nil
        return connection
      } catch {
        guard error.code == .unavailable || error.code == .mismatch,
          !Self.isCutOff(since: begin), passOver(socket)
        else { throw error }
      }
    }
  }

  /// A new connection to `socket`.
  private func connect(
    _ socket: WorkerSocket, _ first: (ClientFrame, LocalTicket)?
  ) throws(ClientError) -> LocalConnection {
    let rest = state.withLock {
      ($0.isClosed, $0.restUntil[socket.path] ?? 0, $0.failures[socket.path])
    }
    guard !rest.0 else { throw ClientError(.closed, socket.path, "the client was closed") }
    if monotonicNow() < rest.1, let failure = rest.2 { throw failure }
    let begin = monotonicNow()
    do throws(ClientError) {
      let connection = try LocalConnection(
        path: socket.path, worker: socket.worker, options: options, counters: counters,
        first: first)
      let isLate = state.withLock { state in
        state.connections[socket.path] = state.isClosed ? nil : connection
        state.failures[socket.path] = nil
        state.clusters[socket.path] = connection.welcome.cluster
        return state.isClosed
      }
      if isLate { connection.close() }
      try LocalKeeper.add(connection)
      try checkClusters()
      return connection
    } catch {
      guard !Self.isCutOff(since: begin) else { throw error }
      state.withLock { state in
        state.failures[socket.path] = error
        state.restUntil[socket.path] = monotonicNow() &+ Self.restTime
        state.socketsAt = 0
      }
      throw error
    }
  }

  /// Asks the other workers of the directory for their cluster, where nobody said which one is meant.
  ///
  /// A file that one cluster has is missing in another: a choice by chance would be a wrong answer.
  /// - Throws: `invalid` when they are of several.
  private func learnClusters(but own: WorkerSocket) throws(ClientError) {
    guard options.cluster.isEmpty else { return }
    let unknown = state.withLock { state in
      state.live.filter { state.clusters[$0.path] == nil && $0.worker != own.worker }
    }
    for socket in unknown {
      do throws(ClientError) {
        _ = try connect(socket, nil)
      } catch {
        if error.code == .invalid || monotonicNow() >= Patience.deadline { throw error }
        _ = passOver(socket)
      }
    }
  }

  private func checkClusters() throws(ClientError) {
    guard options.cluster.isEmpty else { return }
    let names = state.withLock { $0.clusters.count > 1 ? Set($0.clusters.values) : [] }
    guard names.count > 1 else { return }
    let list = names.sorted().map { "'\($0)'" }.joined(separator: " and ")
    throw ClientError(
      .invalid, options.socketAddress, "workers of the clusters \(list) listen here",
      "say which is meant: alluxio.cluster.name, or cluster= of the client")
  }

  /// Whether an attempt begun at `begin` had so little time that its failure tells nothing of the worker.
  private static func isCutOff(since begin: UInt64) -> Bool {
    let now = monotonicNow()
    return now >= Patience.deadline && now &- begin < restTime
  }

  /// Leaves `socket` out for a while; false when there is no other to go to.
  private func passOver(_ socket: WorkerSocket) -> Bool {
    state.withLock { state in
      guard state.live.contains(where: { $0.worker != socket.worker }) else { return false }
      state.awayUntil[socket.path] = monotonicNow() &+ Self.awayTime
      state.socketsAt = 0
      return true
    }
  }

  /// A connection for `path`; nil when no worker of this host can be seen.
  ///
  /// - Throws: why the worker that can be seen cannot be used now.
  func connection(for path: String) throws(ClientError) -> LocalConnection? {
    var isSent = false
    return try connection(for: path, isSent: &isSent)
  }

  private func usable(_ socket: WorkerSocket) -> LocalConnection? {
    state.withLock { $0.connections[socket.path] }.flatMap { $0.isUsable ? $0 : nil }
  }

  /// The socket to use for `path`: the only one, or the ring's choice of those where a worker answers.
  private func socket(for path: String) -> WorkerSocket? {
    let now = monotonicNow()
    return state.withLock { state -> WorkerSocket? in
      if state.socketsAt == 0 || now &- state.socketsAt > Self.restTime {
        state.sockets = WorkerSocket.all(options)
        state.socketsAt = now
        if !state.clusters.isEmpty || !state.awayUntil.isEmpty {
          let paths = Set(state.sockets.map(\.path))
          state.clusters = state.clusters.filter { paths.contains($0.key) }
          state.awayUntil = state.awayUntil.filter { paths.contains($0.key) && $0.value > now }
        }
        let here = state.sockets.filter { state.awayUntil[$0.path] == nil }
        let live = here.isEmpty ? state.sockets : here
        if live.map(\.path) != state.live.map(\.path) {
          state.ring = HashRing(
            live.count > 1 ? live.compactMap(\.worker) : [], pointCount: options.ringPointCount)
          state.live = live
        }
      }
      guard state.live.count > 1 else { return state.live.first }
      return state.ring.first(for: path).map { state.live[$0] }
    }
  }

  /// Ends all connections.
  func close() {
    let all = state.withLock { state in
      state.isClosed = true
      defer { state.connections = [:] }
      return Array(state.connections.values)
    }
    for connection in all { connection.close() }
  }
}
