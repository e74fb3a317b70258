import DaemonDriver
import HTTPWire
import Model
import Ring
import Testing

@testable import UFS

@Suite("Calls to name nodes wait for their turn, and are repeated within a budget")
struct HDFSFlowTests {
  /// A cluster whose two name nodes answer every call with `exception`.
  private static func fileSystem(
    _ control: FlowControl, _ exception: String
  ) throws -> (HDFSUFS, [FakeNameNode]) {
    // A node keeps a thread, and the tests' own pool may be taken by others for longer than a call may last.
    let pool = try BlockingPool(name: "nodes", threads: 4)
    let nodes = try (0..<2).map { _ in
      try FakeNameNode(
        answering: HDFSException(name: exception, message: "not now"), on: pool)
    }
    let cluster = HDFSCluster(
      nameNodes: nodes.map { HDFSEndpoint(host: "127.0.0.1", port: $0.port) }, user: "u",
      options: HDFSOptions(), resolver: HostResolver(pool: pool),
      gate: control.gate(mount: "/h", host: "hdfs://c"))
    return (HDFSUFS(uri: try UFSURI(parsing: "hdfs://c"), cluster: cluster), nodes)
  }

  @Test(
    "name nodes that all stand by, or are too busy, are asked less and not again and again",
    arguments: [
      "org.apache.hadoop.ipc.StandbyException", "org.apache.hadoop.ipc.RetriableException",
    ])
  func storm(exception: String) async throws {
    try await Bench.run { () async throws -> Void in
      var limits = FlowLimits()
      limits.backoffMin = .milliseconds(1)
      limits.backoffMax = .milliseconds(2)
      let control = FlowControl(limits: limits)
      let (fileSystem, nodes) = try Self.fileSystem(control, exception)
      defer { withExtendedLifetime(nodes) {} }
      let count = 60
      await withTaskGroup(of: UFSError.Code?.self) { group in
        for index in 0..<count {
          group.addTask {
            do throws(UFSError) {
              _ = try await fileSystem.status(of: "f\(index)")
              return nil
            } catch { return error.code }
          }
        }
        for await code in group { #expect(code == .unavailable) }
      }
      let row = try #require(control.statistics.first { $0.verb == .head })
      // Each call once or once per name node, and what the reserve of the budget pays for.
      #expect(row.counts.sent <= UInt64(2 * count + 2 * 25), "\(row.counts)")
      #expect(row.counts.throttled > 0)
      #expect(row.counts.retriesDenied > 0)
      #expect(try #require(row.window) < count)
      #expect(control.inFlightCount == 0)
    }
  }

  @Test("the bounds of a mount are those of its cluster's gate")
  func options() async throws {
    try await Bench.run { () async throws -> Void in
      let uri = "hdfs://127.0.0.1:1"
      let specification = MountSpecification(
        alluxioPath: "/h", uri: uri,
        options: [
          "penstock.worker.ufs.bandwidth": "10MB", "penstock.worker.ufs.attempts.max": "3",
        ])
      let environment = try Bench.environment()
      let fileSystem = try HDFSUFS(
        uri: try UFSURI(parsing: uri), specification, environment)
      #expect(fileSystem.cluster.gate.options.bandwidth == 10 << 20)
      #expect(fileSystem.cluster.gate.options.attemptCountMax == 3)
      let mounted = try Mount(opening: specification, in: environment)
      #expect((mounted.ufs as? HDFSUFS)?.cluster.gate.options.attemptCountMax == 3)
    }
  }

  @Test("a name node that is away, or no name node, is told with its address and what to check")
  func remedies() async throws {
    let web = try await WebFolder.make()
    let ports: [(UInt16, UFSError.Code)] = [(1, .unavailable), (web.nginx.ports[0], .io)]
    try await Bench.run { () async throws in
      for (port, code) in ports {
        let cluster = HDFSCluster(
          nameNodes: [HDFSEndpoint(host: "127.0.0.1", port: port)], user: "u",
          options: HDFSOptions(), resolver: HostResolver(pool: try Bench.pool),
          gate: FlowControl().gate(mount: "/", host: "hdfs"))
        let fileSystem = HDFSUFS(
          uri: try UFSURI(parsing: "hdfs://127.0.0.1:\(port)"), cluster: cluster)
        let error = await #expect(throws: UFSError.self) { try await fileSystem.status(of: "f") }
        #expect(error?.code == code)
        let text = error?.description ?? ""
        #expect(text.contains("127.0.0.1:\(port) ") && text.contains("RPC port"), "\(text)")
      }
    }
  }
}
