// Where rings run: one CPU each, spread over the NUMA nodes, so that every node's memory has readers beside it.
//
//   usable CPUs   node 0: 0 1 2 3      node 1: 4 5 6 7
//   4 rings       CPU 0, 4, 1, 5       (the first four CPUs would leave node 1's memory without a ring)

extension Topology {
  /// The CPU and memory node of each of `count` rings, in the order of the rings.
  ///
  /// CPUs are taken from the nodes in turn. More rings than CPUs are pinned to none, since two threads on one CPU would only
  /// take turns; their nodes are those that pinned rings would have had. A ring's node is the nearest one with memory.
  package func ringPlaces(count: Int) -> [RingPlace] {
    precondition(count > 0, "a process has a ring")
    let cpus = cpusByTurns
    let isPinned = count <= cpus.count
    return (0..<count).map { index in
      let cpu = cpus[index % cpus.count]
      return RingPlace(cpu: isPinned ? cpu : nil, node: memoryNode(near: node(ofCPU: cpu)))
    }
  }

  /// Usable CPUs: the first of each node, then the second of each, and so on.
  private var cpusByTurns: [Int] {
    var queues = nodes.map { node in usableCPUs.filter { self.node(ofCPU: $0) == node.id }[...] }
    var cpus: [Int] = []
    while cpus.count < usableCPUs.count {
      for index in queues.indices {
        if let cpu = queues[index].popFirst() { cpus.append(cpu) }
      }
    }
    return cpus
  }
}

/// Where a ring runs.
package struct RingPlace: Sendable, Equatable {
  /// The CPU its thread is pinned to; nil leaves it to the kernel.
  package let cpu: Int?
  /// The NUMA node that its fills take memory from.
  package let node: Int

  /// A place of its parts.
  package init(cpu: Int?, node: Int) {
    self.cpu = cpu
    self.node = node
  }
}
