// The machine's NUMA nodes and CPUs, as sysfs tells them.
//
//   ROOT/devices/system/cpu/online            0-5,7
//   ROOT/devices/system/node/online           0-1
//   ROOT/devices/system/node/node1/cpulist    4-7          (offline CPUs are listed by no node)
//   ROOT/devices/system/node/node1/meminfo    Node 1 MemTotal:  16384 kB
//   ROOT/devices/system/node/node1/distance   21 10        (one number per online node)
//
// The root can be another tree, so that a test is a machine of any shape. A tree without nodes is one node.

import CLinux
import Glibc

/// NUMA nodes, their CPUs and memory, and the CPUs this process may use.
package struct Topology: Sendable, Equatable {
  /// One NUMA node; it may have no CPU (memory only) or no memory (CPUs only).
  package struct Node: Sendable, Equatable {
    /// The kernel's number of the node; numbers may have gaps.
    package let id: Int
    /// Online CPUs of the node, ascending.
    package let cpus: [Int]
    /// Memory of the node in bytes; 0 when it has none or the kernel does not say.
    package let memory: Int64
    /// Relative cost of this node's access to each node's memory, by node number; 10 is local.
    package let distances: [Int: Int]

    /// A node of its parts.
    package init(id: Int, cpus: [Int], memory: Int64, distances: [Int: Int]) {
      self.id = id
      self.cpus = cpus
      self.memory = memory
      self.distances = distances
    }
  }

  /// The nodes, ascending by number; never empty.
  package let nodes: [Node]
  /// CPUs the process may run on and that are online, ascending; never empty.
  package let usableCPUs: [Int]

  /// The topology that the tree at `sysfsRoot` describes, seen by a process that may run on
  /// `allowedCPUs` (nil: asks the kernel).
  ///
  /// Blocks on a few small reads; never fails: what cannot be read falls back to one node that has
  /// every usable CPU.
  package init(sysfsRoot: String = "/sys", allowedCPUs: [Int]? = nil) {
    let allowed = (allowedCPUs ?? Topology.allowedCPUs()).sorted()
    let online = SystemText.read("\(sysfsRoot)/devices/system/cpu/online")
      .flatMap { SystemText.list($0) }
    let usable = online.map { online in allowed.filter(Set(online).contains) } ?? allowed
    usableCPUs = usable.isEmpty ? (allowed.isEmpty ? [0] : allowed) : usable
    let found = Topology.readNodes("\(sysfsRoot)/devices/system/node", online: online)
    nodes =
      found.contains { !$0.cpus.isEmpty }
      ? found
      : [Node(id: 0, cpus: online ?? usableCPUs, memory: 0, distances: [0: 10])]
  }

  /// The number of the node that `cpu` belongs to; the first node's when no node lists it.
  package func node(ofCPU cpu: Int) -> Int {
    nodes.first { $0.cpus.contains(cpu) }?.id ?? nodes[0].id
  }

  /// The nearest node with memory to `node`, which is `node` itself when it has memory or none is known to have any.
  package func memoryNode(near node: Int) -> Int {
    guard let home = nodes.first(where: { $0.id == node }), home.memory == 0 else { return node }
    let candidates = nodes.filter { $0.memory > 0 }
    let nearest = candidates.min { left, right in
      (home.distances[left.id] ?? .max, left.id) < (home.distances[right.id] ?? .max, right.id)
    }
    return nearest?.id ?? node
  }

  /// Numbers of the nodes worth an arena, ascending: with memory (when known) and near a usable CPU; never empty.
  package var arenaNodes: [Int] {
    let near = Set(usableCPUs.map { memoryNode(near: node(ofCPU: $0)) })
    return near.sorted()
  }

  private static func allowedCPUs() -> [Int] {
    unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: 8192) { buffer in
      let count = unsafe pen_allowed_cpus(buffer.baseAddress, 8192)
      return unsafe buffer.prefix(max(0, Int(count))).map { Int($0) }
    }
  }

  private static func readNodes(_ root: String, online: [Int]?) -> [Node] {
    let onlineNodes = SystemText.read("\(root)/online").flatMap { SystemText.list($0, limit: 1024) }
    guard let ids = onlineNodes else { return [] }
    return ids.map { id in
      let cpus = SystemText.read("\(root)/node\(id)/cpulist").flatMap { SystemText.list($0) } ?? []
      let distances = (SystemText.read("\(root)/node\(id)/distance") ?? "")
        .split(whereSeparator: \.isWhitespace).map { Int($0) ?? .max }
      return Node(
        id: id, cpus: online.map { online in cpus.filter(Set(online).contains) } ?? cpus,
        memory: totalMemory(SystemText.read("\(root)/node\(id)/meminfo") ?? ""),
        distances: Dictionary(zip(ids, distances), uniquingKeysWith: { first, _ in first }))
    }
  }

  /// Bytes of `Node 0 MemTotal:  24519044 kB`.
  private static func totalMemory(_ text: String) -> Int64 {
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let place = words.firstIndex(of: "MemTotal:"), place + 1 < words.count else { continue }
      let bytes = (Int64(words[place + 1]) ?? 0).multipliedReportingOverflow(by: 1024)
      return bytes.overflow || bytes.partialValue < 0 ? 0 : bytes.partialValue
    }
    return 0
  }
}
