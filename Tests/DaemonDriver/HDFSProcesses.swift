// A real HDFS on free ports: one name node and two data nodes, started by Tests/HDFS/hdfs-node and ended with the value.

import Glibc

/// A running HDFS.
// SAFETY: nodes are started and ended by one test at a time; the suites are serialized.
@safe package final class HDFSProcesses: @unchecked Sendable {
  /// The ports of a data node: data, web, calls.
  private typealias Ports = (data: UInt16, web: UInt16, calls: UInt16)

  /// The name node's port.
  package let port: UInt16
  private let web: UInt16
  private let scratch: ScratchDirectory
  private let ports: [Ports]
  private var nameNode: ChildProcess?
  private var dataNodes: [ChildProcess?] = [nil, nil]

  /// `Tests/HDFS/hdfs-node`, beside the folder of this file.
  private static let script =
    "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/HDFS/hdfs-node"

  /// Starts all nodes; blocks until they answer.
  package init() throws(DriverError) {
    var holders: [PortHolder] = []
    // Held open together, so that they differ.
    for _ in 0..<8 { holders.append(try PortHolder()) }
    let free = holders.map(\.port)
    (port, web) = (free[0], free[1])
    ports = [(free[2], free[3], free[4]), (free[5], free[6], free[7])]
    scratch = try ScratchDirectory("hdfs")
    holders = []
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

  /// Starts the name node; it takes some seconds until it answers.
  package func startNameNode() throws(DriverError) { nameNode = try start("namenode", []) }

  /// Kills the name node.
  package func killNameNode() { nameNode?.stop(within: .zero) }

  /// Stops the name node without ending it, or lets it go on.
  package func pauseNameNode(_ isPaused: Bool) {
    if isPaused { nameNode?.pause() } else { nameNode?.signal(SIGCONT) }
  }

  /// Starts a data node.
  package func startDataNode(_ index: Int) throws(DriverError) {
    let (data, web, calls) = ports[index]
    dataNodes[index] = try start("datanode", ["\(index)", "\(data)", "\(web)", "\(calls)"])
  }

  /// Kills a data node.
  package func killDataNode(_ index: Int) { dataNodes[index]?.stop(within: .zero) }

  /// Stops a data node without ending it, or lets it go on: its kernel still takes connections and bytes.
  package func pauseDataNode(_ index: Int, _ isPaused: Bool) {
    if isPaused { dataNodes[index]?.pause() } else { dataNodes[index]?.signal(SIGCONT) }
  }

  /// Which data node has a data port.
  package func index(ofDataPort port: UInt16) -> Int? { ports.firstIndex { $0.data == port } }

  /// The folder of a data node's blocks.
  package func blocksFolder(_ index: Int) -> String { scratch.path("dn\(index)") }

  /// Waits until so many data nodes are alive.
  package func awaitDataNodes(_ count: Int) throws(DriverError) {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      let run = try CommandRun([Self.script, "live", scratch.path, "\(web)"])
      if run.output.filter(\.isNumber) == "\(count)" { return }
    }
    throw DriverError.program("no \(count) data nodes within 60 s: \(logs)")
  }

  /// Calls Hadoop's own file system shell.
  package func shell(_ arguments: [String]) throws(DriverError) {
    try run(["fs", scratch.path] + arguments)
  }

  /// The ends of all nodes' logs.
  package var logs: String {
    ["namenode", "datanode0", "datanode1"].map { name in
      "\(name): \(((try? readText(scratch.path("\(name).log"))) ?? "").suffix(2000))"
    }.joined(separator: "\n")
  }

  private func start(
    _ role: String, _ arguments: [String]
  ) throws(DriverError) -> ChildProcess {
    // The node ends with the thread that started it, which lives as long as the process.
    let log = scratch.path(role + (arguments.first ?? "") + ".log")
    return try ChildProcess(
      ["setpriv", "--pdeathsig", "KILL", Self.script, role, scratch.path] + arguments,
      output: log, errors: log)
  }

  private func run(_ arguments: [String]) throws(DriverError) {
    let run = try CommandRun([Self.script] + arguments, limit: .seconds(300))
    guard run.succeeded else {
      throw DriverError.program(
        "hdfs-node \(arguments[0]): \(run.errors)\(run.output); see scripts/install-deps test")
    }
  }
}
