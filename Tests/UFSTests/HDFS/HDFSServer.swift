// A real HDFS for the tests: one name node and two data nodes on free ports, started once and ended with the process.

import DaemonDriver
import Foundation
import HTTPWire
import Ring
import Testing

@testable import UFS

/// A running HDFS.
// SAFETY: nodes are started and ended by one test at a time; the suites are serialized.
final class HDFSServer: @unchecked Sendable {
  /// The ports of a data node: data, web, calls.
  private typealias Ports = (data: UInt16, web: UInt16, calls: UInt16)

  private static let shared = Result { try HDFSServer() }

  /// The name node's port.
  let port: UInt16
  private let web: UInt16
  private let scratch: ScratchDirectory
  private let ports: [Ports]
  private var nameNode: ChildProcess?
  private var dataNodes: [ChildProcess?] = [nil, nil]

  private static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "HDFS/hdfs-node").path

  /// The one of this process; started with the first use, off the tests' own threads.
  static var running: HDFSServer {
    get async throws { try await Bench.pool.run { shared }.get() }
  }

  private init() throws {
    let free = try Self.freePorts(8)
    (port, web) = (free[0], free[1])
    ports = [(free[2], free[3], free[4]), (free[5], free[6], free[7])]
    scratch = try ScratchDirectory("hdfs")
    try run(["prepare"])
    try run([
      "configure", scratch.path, "\(port)", "\(web)", "dfs.blocksize=1m",
      "dfs.datanode.socket.reuse.keepalive=4000",
    ])
    try run(["format", scratch.path])
    try startNameNode()
    for index in 0..<2 { try startDataNode(index) }
    try awaitDataNodes(2)
  }

  private static func freePorts(_ count: Int) throws -> [UInt16] {
    // Held open together, so that they differ.
    try (0..<count).map { _ in try PortHolder() }.map(\.port)
  }

  /// Starts the name node; it takes some seconds until it answers.
  func startNameNode() throws {
    nameNode = try start("namenode", [])
  }

  /// Kills the name node.
  func killNameNode() { nameNode?.stop(within: .zero) }

  /// Starts a data node.
  func startDataNode(_ index: Int) throws {
    let (data, web, calls) = ports[index]
    dataNodes[index] = try start(
      "datanode", ["\(index)", "\(data)", "\(web)", "\(calls)"])
  }

  /// Kills a data node.
  func killDataNode(_ index: Int) { dataNodes[index]?.stop(within: .zero) }

  /// Which data node has a data port.
  func index(ofDataPort port: UInt16) -> Int? { ports.firstIndex { $0.data == port } }

  /// The folder of a data node's blocks.
  func blocksFolder(_ index: Int) -> String { scratch.path("dn\(index)") }

  /// Waits until so many data nodes are alive.
  func awaitDataNodes(_ count: Int) throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      let run = try CommandRun([Self.script, "live", scratch.path, "\(web)"])
      if run.output.trimmingCharacters(in: .whitespacesAndNewlines) == "\(count)" { return }
    }
    throw DriverError.program("no \(count) data nodes within 60 s: \(logs)")
  }

  /// As `awaitDataNodes`, off the caller's thread.
  func dataNodes(_ count: Int) async throws {
    try await Bench.pool.run { Result { try self.awaitDataNodes(count) } }.get()
  }

  /// Turns a bit of a block's replica at a data node.
  func corrupt(_ block: HDFSBlock, at node: HDFSNode) async throws {
    guard let index = index(ofDataPort: node.port) else {
      throw DriverError.program("no such node")
    }
    let folder = URL(filePath: blocksFolder(index))
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

  /// The ends of all nodes' logs.
  var logs: String {
    ["namenode", "datanode0", "datanode1"].map { name in
      "\(name): \(((try? readText(scratch.path("\(name).log"))) ?? "").suffix(2000))"
    }.joined(separator: "\n")
  }

  private func start(_ role: String, _ arguments: [String]) throws -> ChildProcess {
    // The node ends with the thread that started it, which lives as long as the process.
    let log = scratch.path(role + (arguments.first ?? "") + ".log")
    return try ChildProcess(
      ["setpriv", "--pdeathsig", "KILL", Self.script, role, scratch.path] + arguments,
      output: log, errors: log)
  }

  private func run(_ arguments: [String]) throws {
    let run = try CommandRun([Self.script] + arguments, limit: .seconds(300))
    guard run.succeeded else {
      throw DriverError.program(
        "hdfs-node \(arguments[0]): \(run.errors)\(run.output); see scripts/install-deps test")
    }
  }
}
