// The report as JSON: what /v1/numa answers.
//
//   {"nodes":[{"id":0,"cpus":[0,1],"memoryBytes":…,"distances":{"0":10},"localBytes":…,"crossNodeBytes":…}],
//    "usableCPUs":[0,1],
//    "rings":[{"index":0,"cpu":0,"node":0,"isForLoads":false,"localBytes":…,"crossNodeBytes":…}],   cpu is -1 when not pinned
//    "arenas":[{"node":0,"capacityBytes":…,"committedBytes":…,"hugeChunks":…,"plainChunks":…,"isBound":true}],
//    "volumes":[{"tier":"MEM","node":0,"quotaBytes":…,"usedBytes":…}]}

import Model

extension NUMAReport {
  /// The report as one JSON object.
  package var json: [UInt8] {
    JSONWriter.object { writer in
      writer.list("nodes", nodes) { Self.write($0, to: &$1) }
      writer.integers("usableCPUs", usableCPUs)
      writer.list("rings", rings) { ring, writer in
        writer.member("index", ring.index)
        writer.member("cpu", ring.cpu ?? -1)
        writer.member("node", ring.node)
        writer.member("isForLoads", ring.isForLoads)
        writer.member("localBytes", ring.localBytes)
        writer.member("crossNodeBytes", ring.crossNodeBytes)
      }
      writer.list("arenas", arenas) { Self.write($0, to: &$1) }
      writer.list("volumes", volumes) { volume, writer in
        writer.member("tier", volume.tier)
        if !volume.path.isEmpty {
          writer.member("path", volume.path)
          writer.member("state", volume.state)
        }
        writer.member("node", volume.node)
        writer.member("quotaBytes", volume.quota)
        writer.member("usedBytes", volume.used)
      }
    }
  }

  private static func write(_ node: Node, to writer: inout JSONWriter) {
    writer.member("id", node.id)
    writer.integers("cpus", node.cpus)
    writer.member("memoryBytes", node.memory)
    writer.name("distances")
    writer.object { writer in
      for (id, distance) in node.distances.sorted(by: { $0.key < $1.key }) {
        writer.member("\(id)", distance)
      }
    }
    writer.member("localBytes", node.localBytes)
    writer.member("crossNodeBytes", node.crossNodeBytes)
  }

  private static func write(_ arena: Arena, to writer: inout JSONWriter) {
    writer.member("node", arena.node)
    writer.member("capacityBytes", arena.capacity)
    writer.member("committedBytes", arena.committed)
    writer.member("hugeChunks", arena.hugeChunks)
    writer.member("plainChunks", arena.plainChunks)
    writer.member("isBound", arena.isBound)
  }
}

extension JSONWriter {
  /// Writes a member whose value is an array of objects, one for each of `elements`.
  fileprivate mutating func list<Element>(
    _ name: String, _ elements: [Element], _ body: (Element, inout JSONWriter) -> Void
  ) {
    self.name(name)
    array { writer in
      for element in elements { writer.object { body(element, &$0) } }
    }
  }

  /// Writes a member whose value is an array of integers.
  fileprivate mutating func integers(_ name: String, _ values: [Int]) {
    self.name(name)
    array { writer in
      for value in values { writer.integer(value) }
    }
  }
}
