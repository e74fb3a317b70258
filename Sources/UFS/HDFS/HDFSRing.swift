// What one ring has of a cluster: connections to name nodes and data nodes.

import Ring

/// A cluster as one ring sees it.
// SAFETY: confined to the reactor's thread but for its making and its place in `HDFSUFS`'s table.
@safe final class HDFSRing: @unchecked Sendable {
  let reactor: Reactor
  let cluster: HDFSCluster
  let nameNodes: NameNodes
  let dataNodes: DataNodes

  /// What `reactor` has of `cluster`: nothing yet.
  init(_ cluster: HDFSCluster, _ reactor: Reactor) {
    self.reactor = reactor
    self.cluster = cluster
    nameNodes = NameNodes(cluster, reactor)
    dataNodes = DataNodes(cluster, reactor)
  }

  /// The reactor's time.
  var now: UInt64 { reactor.now }
}
