// A real HDFS for the tests: one name node and two data nodes on free ports, started once and ended with the process.

import DaemonDriver
import Foundation
import HTTPWire
import Ring
import Testing

@testable import UFS

/// A running HDFS.
final class HDFSServer: Sendable {
  private static let shared = Result { try HDFSServer() }

  private let nodes: HDFSProcesses

  /// The one of this process; started with the first use, off the tests' own threads.
  static var running: HDFSServer {
    get async throws { try await Bench.pool.run { shared }.get() }
  }

  private init() throws { nodes = try HDFSProcesses() }

  /// The name node's port.
  var port: UInt16 { nodes.port }

  /// Starts the name node; it takes some seconds until it answers.
  func startNameNode() throws { try nodes.startNameNode() }

  /// Kills the name node.
  func killNameNode() { nodes.killNameNode() }

  /// Starts a data node.
  func startDataNode(_ index: Int) throws { try nodes.startDataNode(index) }

  /// Kills a data node.
  func killDataNode(_ index: Int) { nodes.killDataNode(index) }

  /// Stops a data node without ending it: its kernel still takes connections and bytes.
  func pauseDataNode(_ index: Int) { nodes.pauseDataNode(index, true) }

  /// Lets a paused data node go on.
  func resumeDataNode(_ index: Int) { nodes.pauseDataNode(index, false) }

  /// Which data node has a data port.
  func index(ofDataPort port: UInt16) -> Int? { nodes.index(ofDataPort: port) }

  /// Waits until so many data nodes are alive, off the caller's thread.
  func dataNodes(_ count: Int) async throws {
    let nodes = nodes
    try await Bench.pool.run { Result { try nodes.awaitDataNodes(count) } }.get()
  }

  /// Turns a bit of a block's replica at a data node.
  func corrupt(_ block: HDFSBlock, at node: HDFSNode) async throws {
    guard let index = index(ofDataPort: node.port) else {
      throw DriverError.program("no such node")
    }
    let folder = URL(filePath: nodes.blocksFolder(index))
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    while let file = files?.nextObject() as? URL {
      guard file.lastPathComponent == "blk_\(block.id)" else { continue }
      let handle = try FileHandle(forUpdating: file)
      try handle.seek(toOffset: 1000)
      let byte = try handle.read(upToCount: 1)?.first ?? 0
      try handle.seek(toOffset: 1000)
      try handle.write(contentsOf: [byte ^ 1])
      try handle.close()
      return
    }
    throw DriverError.program("the node has no replica of \(block)")
  }

  /// The UFS of a directory of its own, made anew; `first` are ports to be asked before the name node's, or with `only` a
  /// port instead.
  func fileSystem(
    _ options: HDFSOptions = HDFSOptions(), user: String? = nil, before first: [UInt16] = [],
    only: UInt16? = nil, flow: FlowControl = FlowControl()
  ) async throws -> HDFSUFS {
    let top = HDFSUFS(
      uri: try UFSURI(parsing: "hdfs://127.0.0.1:\(port)"),
      cluster: try cluster([port], HDFSOptions(), user: nil, FlowControl()))
    let name = "t/" + UUID().uuidString
    _ = try await top.makeDirectory(name, recursive: true)
    let ports = only.map { [$0] } ?? first + [port]
    return HDFSUFS(
      uri: try UFSURI(parsing: "hdfs://127.0.0.1:\(port)/\(name)"),
      cluster: try cluster(ports, options, user: user, flow))
  }

  private func cluster(
    _ ports: [UInt16], _ options: HDFSOptions, user: String?, _ flow: FlowControl
  ) throws -> HDFSCluster {
    HDFSCluster(
      nameNodes: ports.map { HDFSEndpoint(host: "127.0.0.1", port: $0) },
      user: user ?? NSUserName(), options: options, resolver: HostResolver(pool: try Bench.pool),
      gate: flow.gate(mount: "/", host: "hdfs"))
  }
}
