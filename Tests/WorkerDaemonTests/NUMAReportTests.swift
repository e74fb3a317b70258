import HTTPWire
import Ring
import TestSupport
import Testing

@testable import WorkerDaemon

@Suite("NUMAReport")
struct NUMAReportTests {
  /// A worker of three rings on two nodes.
  private func report() throws -> NUMAReport {
    let tree = try FixtureTree.machine(
      online: "0-3", nodes: [(0, "0-1", 2048), (1, "2-3", 4096)],
      distances: [0: "10 21", 1: "21 10"])
    var report = NUMAReport(Topology(sysfsRoot: tree.root, allowedCPUs: [0, 1, 2]))
    report.add(.init(index: 0, cpu: 0, node: 0, localBytes: 100, crossNodeBytes: 1))
    report.add(.init(index: 1, cpu: 2, node: 1, localBytes: 200, crossNodeBytes: 2))
    report.add(
      .init(index: 2, cpu: nil, node: 0, localBytes: 300, crossNodeBytes: 3, isForLoads: true))
    report.arenas = [
      .init(
        node: 0, capacity: 4 << 20, committed: 2 << 20, hugeChunks: 1, plainChunks: 0,
        isBound: true)
    ]
    report.volumes = [.init(tier: "MEM", node: 0, quota: 4 << 20, used: 1 << 20)]
    return report
  }

  @Test("a node's bytes are those of its rings")
  func sums() throws {
    let report = try report()
    #expect(report.nodes.map(\.localBytes) == [400, 200])
    #expect(report.nodes.map(\.crossNodeBytes) == [4, 2])
  }

  @Test("the JSON names everything once")
  func json() throws {
    #expect(
      String(decoding: try report().json, as: UTF8.self)
        == #"{"nodes":[{"id":0,"cpus":[0,1],"memoryBytes":2097152,"distances":{"0":10,"1":21},"#
        + #""localBytes":400,"crossNodeBytes":4},{"id":1,"cpus":[2,3],"memoryBytes":4194304,"#
        + #""distances":{"0":21,"1":10},"localBytes":200,"crossNodeBytes":2}],"usableCPUs":[0,1,2],"#
        + #""rings":[{"index":0,"cpu":0,"node":0,"isForLoads":false,"localBytes":100,"crossNodeBytes":1},"#
        + #"{"index":1,"cpu":2,"node":1,"isForLoads":false,"localBytes":200,"crossNodeBytes":2},"#
        + #"{"index":2,"cpu":-1,"node":0,"isForLoads":true,"localBytes":300,"crossNodeBytes":3}],"#
        + #""arenas":[{"node":0,"capacityBytes":4194304,"committedBytes":2097152,"hugeChunks":1,"#
        + #""plainChunks":0,"isBound":true}],"#
        + #""volumes":[{"tier":"MEM","node":0,"quotaBytes":4194304,"usedBytes":1048576}]}"#)
  }

  @Test("the tables line up")
  func text() throws {
    #expect(
      try report().text == """
        node  CPUs  memory     distances  read local  read cross-node
        0     0-1   2048.00KB  0:10 1:21  400B        4B
        1     2-3   4096.00KB  0:21 1:10  200B        2B

        usable CPUs: 0-2

        ring  CPU  node  for      read local  read cross-node
        0     0    0     clients  100B        1B
        1     2    1     clients  200B        2B
        2     any  0     loads    300B        3B

        arena of node  capacity   resident   huge pages  small-paged chunks  bound
        0              4096.00KB  2048.00KB  1           0                   yes

        volume  node  quota      used       state  path
        MEM     0     4096.00KB  1024.00KB  -      -

        """)
  }

  @Test("without a worker there are nodes and CPUs only")
  func machineOnly() throws {
    let tree = try FixtureTree.machine(online: "0-7", nodes: [(0, "0-7", 0)])
    let report = NUMAReport(Topology(sysfsRoot: tree.root, allowedCPUs: [0, 2, 3, 4, 7]))
    #expect(
      report.text == """
        node  CPUs  memory  distances  read local  read cross-node
        0     0-7   -       0:10       0B          0B

        usable CPUs: 0,2-4,7

        """)
  }

  @Test("a page read counts as local or cross-node by the ring that reads it")
  func counts() throws {
    let group = try ReactorGroup([Reactor.Options(node: 0), Reactor.Options(node: 1)])
    defer { group.stop() }
    let counters = ReadCounters(ringNodes: group.reactors.map(\.node))
    for (index, reactor) in group.reactors.enumerated() {
      reactor.wait {
        counters.pageRead(bytes: 10 + index, node: 0)
        counters.pageRead(bytes: 100 + index, node: 1)
        counters.pageRead(bytes: 1000, node: 7)
      }
    }
    #expect(counters.bytesByRing.map(\.local) == [10, 101])
    #expect(counters.bytesByRing.map(\.crossNode) == [1100, 1011])
    var page = MetricsPage()
    counters.render(to: &page)
    let family = "penstock_node_read_bytes_total"
    #expect(page.text.contains("\(family){node=\"0\",memory=\"local\"} 10\n"))
    #expect(page.text.contains("\(family){node=\"0\",memory=\"cross\"} 1100\n"))
    #expect(page.text.contains("\(family){node=\"1\",memory=\"local\"} 101\n"))
    #expect(page.text.contains("\(family){node=\"1\",memory=\"cross\"} 1011\n"))
  }
}
