// A directory of small text files that plays the kernel's sysfs, procfs or cgroupfs.

import Foundation

/// A temporary tree of files, removed with the value.
package final class FixtureTree {
  /// Path of the tree's root, without a trailing slash.
  package let root: String

  /// Writes each text of `files` to its path below a new root.
  package init(_ files: [String: String]) throws {
    root = NSTemporaryDirectory() + "penstock-fixture-\(UUID().uuidString)"
    for (path, text) in files {
      let url = URL(fileURLWithPath: "\(root)/\(path)")
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("\(text)\n".utf8).write(to: url)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  /// The sysfs of a machine: for each node its CPU list and memory in kB, all at distance 20 from each other unless said.
  package static func machine(
    online: String, nodes: [(id: Int, cpus: String, memory: Int)], distances: [Int: String] = [:]
  ) throws -> FixtureTree {
    let base = "devices/system"
    var files = ["\(base)/cpu/online": online]
    files["\(base)/node/online"] = nodes.map { "\($0.id)" }.joined(separator: ",")
    for node in nodes {
      let row = nodes.map { $0.id == node.id ? "10" : "20" }.joined(separator: " ")
      files["\(base)/node/node\(node.id)/cpulist"] = node.cpus
      files["\(base)/node/node\(node.id)/meminfo"] =
        "Node \(node.id) MemTotal:       \(node.memory) kB\nNode \(node.id) MemFree:  1 kB"
      files["\(base)/node/node\(node.id)/distance"] = distances[node.id] ?? row
    }
    return try FixtureTree(files)
  }
}
