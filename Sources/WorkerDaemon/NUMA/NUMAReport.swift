// What `penstock info numa` and /v1/numa tell: the machine's NUMA nodes, and what of the worker lies on which.

import Model
import PageStore
package import Ring

/// The machine's nodes, and a running worker's rings, arenas and volumes on them.
package struct NUMAReport: Sendable, Equatable {
  /// A NUMA node of the machine.
  package struct Node: Sendable, Equatable {
    /// The kernel's number of the node.
    package var id: Int
    /// Its online CPUs, ascending.
    package var cpus: [Int]
    /// Bytes of its memory; 0 when it has none or the kernel does not say.
    package var memory: Int64
    /// Cost of access to each node's memory, by node number; 10 is local.
    package var distances: [Int: Int]
    /// Bytes of pages that the node's rings read from its own memory and volumes.
    package var localBytes: UInt64 = 0
    /// Bytes of pages that the node's rings read from other nodes.
    package var crossNodeBytes: UInt64 = 0
  }

  /// A ring of the worker.
  package struct Ring: Sendable, Equatable {
    /// 0-based number of the ring.
    package var index: Int
    /// The CPU it is pinned to; nil when it is not.
    package var cpu: Int?
    /// The node that its fills take memory from.
    package var node: Int
    /// Bytes of pages that it read from its own node.
    package var localBytes: UInt64
    /// Bytes of pages that it read from other nodes.
    package var crossNodeBytes: UInt64
    /// Whether it works for loads and not for clients.
    package var isForLoads = false
  }

  /// Page memory on one node.
  package struct Arena: Sendable, Equatable {
    /// The node it is asked from.
    package var node: Int
    /// Bytes it may have.
    package var capacity: Int
    /// Bytes resident.
    package var committed: Int
    /// Chunks of 2 MiB that are one huge page, and that are not.
    package var hugeChunks: Int
    package var plainChunks: Int
    /// True when the kernel accepted the node as the memory's preferred place.
    package var isBound: Bool
  }

  /// A volume of a tier.
  package struct Volume: Sendable, Equatable {
    /// MEM, SSD or HDD.
    package var tier: String
    /// Its directory; empty for memory.
    package var path = ""
    /// Its health; empty for memory.
    package var state = ""
    /// The node it is near to.
    package var node: Int
    /// Bytes it may use.
    package var quota: Int
    /// Bytes it uses.
    package var used: Int
  }

  /// The machine's nodes, ascending.
  package var nodes: [Node]
  /// CPUs the process may run on, ascending.
  package var usableCPUs: [Int]
  /// The worker's rings; empty without a worker.
  package var rings: [Ring] = []
  /// The worker's arenas; empty without a worker.
  package var arenas: [Arena] = []
  /// The worker's volumes; empty without a worker.
  package var volumes: [Volume] = []

  /// The report of a machine without a worker.
  package init(_ topology: Topology) {
    nodes = topology.nodes.map {
      Node(id: $0.id, cpus: $0.cpus, memory: $0.memory, distances: $0.distances)
    }
    usableCPUs = topology.usableCPUs
  }

  /// The report of this machine without a worker.
  package static var thisMachine: NUMAReport { NUMAReport(Topology()) }

  /// Adds a ring, and its bytes to those of its node.
  package mutating func add(_ ring: Ring) {
    rings.append(ring)
    guard let position = nodes.firstIndex(where: { $0.id == ring.node }) else { return }
    nodes[position].localBytes &+= ring.localBytes
    nodes[position].crossNodeBytes &+= ring.crossNodeBytes
  }
}

extension NUMAReport {
  /// The report of a running worker, as of now.
  init(_ parts: WorkerParts) {
    self.init(parts.topology)
    let bytes = parts.files.counters.bytesByRing
    for reactor in parts.group.reactors {
      add(
        Ring(
          index: reactor.index, cpu: reactor.options.cpu, node: reactor.node,
          localBytes: bytes[reactor.index].local, crossNodeBytes: bytes[reactor.index].crossNode,
          isForLoads: reactor.isBackground))
    }
    arenas = parts.store.arenas.arenas.map { arena in
      let statistics = arena.statistics
      return Arena(
        node: arena.node, capacity: arena.capacity, committed: statistics.committed,
        hugeChunks: statistics.hugeChunks, plainChunks: statistics.plainChunks,
        isBound: statistics.isBoundToNode)
    }
    volumes = parts.store.volumePlaces.map {
      Volume(
        tier: $0.tier.name, path: $0.name, state: $0.state?.name ?? "", node: $0.node,
        quota: $0.quota, used: $0.used)
    }
  }
}
