// A ring's connections to data nodes, kept for a moment after use, and which nodes failed lately.

import Glibc
import Ring

/// Connections to data nodes.
// SAFETY: confined to the reactor's thread; the sweeping task runs on it.
@safe final class DataNodes: @unchecked Sendable {
  /// Connections kept per data node.
  private static let keptCountMax = 32
  /// A node that failed is tried last for so long.
  private static let suspicionTime: UInt64 = 30_000_000_000

  private let cluster: HDFSCluster
  private let reactor: Reactor
  private var kept: [SocketAddress: [DataNodeConnection]] = [:]
  private var suspects: [HDFSNode: UInt64] = [:]
  private var isSweeping = false
  /// The data node that failed last.
  private(set) var lastSuspect: HDFSNode?

  /// No connections from `reactor` to the data nodes of `cluster` yet.
  init(_ cluster: HDFSCluster, _ reactor: Reactor) {
    self.cluster = cluster
    self.reactor = reactor
  }

  /// A connection to `node`, kept from an earlier use if `mayReuse` and there is one; `patience` bounds the node's silences.
  func connection(
    to node: HDFSNode, mayReuse: Bool = true, patience: Duration = .seconds(1 << 40)
  ) async throws(HDFSFailure) -> DataNodeConnection {
    let endpoint = HDFSEndpoint(
      host: cluster.options.usesHostNames ? node.host : node.address, port: node.port)
    guard let address = try await cluster.addresses(of: endpoint, reactor).first else {
      throw .name("\(endpoint.host) has no address")
    }
    while mayReuse, let old = kept[address]?.popLast() {
      if old.isQuiet, reactor.now &- old.keptSince < cluster.options.keepTime.nanoseconds {
        old.isReused = true
        old.stallTime = min(cluster.options.stallTime, patience)
        return old
      }
    }
    do throws(HDFSFailure) {
      return try await DataNodeConnection(
        address, reactor, cluster.options, patience: patience)
    } catch {
      guard case .connection(let errno, _) = error, errno != ECANCELED else { throw error }
      throw .unreachedData(endpoint, errno: errno)
    }
  }

  /// Keeps a connection that has nothing under way for the next use.
  func keep(_ connection: DataNodeConnection) {
    guard kept[connection.address, default: []].count < Self.keptCountMax else { return }
    connection.keptSince = reactor.now
    kept[connection.address, default: []].append(connection)
    guard !isSweeping else { return }
    isSweeping = true
    reactor.spawn { await self.sweep() }
  }

  /// Remembers that `node` failed.
  func suspect(_ node: HDFSNode) {
    let now = reactor.now
    suspects = suspects.filter { $0.value > now }
    suspects[node] = now &+ Self.suspicionTime
    lastSuspect = node
  }

  /// `nodes` with those that failed lately at the end.
  func ordered(_ nodes: [HDFSNode]) -> [HDFSNode] {
    if suspects.isEmpty { return nodes }
    let now = reactor.now
    let isSuspect = { (node: HDFSNode) in (self.suspects[node] ?? 0) > now }
    return nodes.filter { !isSuspect($0) } + nodes.filter(isSuspect)
  }

  /// Drops connections once they are too old to be of use, until none is left.
  private func sweep() async {
    while !kept.isEmpty, await reactor.sleep(for: cluster.options.keepTime) {
      let limit = cluster.options.keepTime.nanoseconds
      for (address, connections) in kept {
        let young = connections.filter { reactor.now &- $0.keptSince < limit }
        kept[address] = young.isEmpty ? nil : young
      }
    }
    isSweeping = false
    if reactor.isStopped { kept = [:] }
  }
}
