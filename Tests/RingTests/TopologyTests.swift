import Ring
import TestSupport
import Testing

@Suite("Topology")
struct TopologyTests {
  @Test("a machine of one node is read whole")
  func oneNode() throws {
    let tree = try FixtureTree.machine(online: "0-3", nodes: [(0, "0-3", 16384)])
    let topology = Topology(sysfsRoot: tree.root, allowedCPUs: [0, 1, 2, 3])
    #expect(
      topology.nodes == [
        Topology.Node(id: 0, cpus: [0, 1, 2, 3], memory: 16384 * 1024, distances: [0: 10])
      ])
    #expect(topology.usableCPUs == [0, 1, 2, 3])
    #expect(topology.arenaNodes == [0])
  }

  @Test("two nodes keep their own CPUs, memory and distances")
  func twoNodes() throws {
    let tree = try FixtureTree.machine(
      online: "0-7", nodes: [(0, "0-3", 1000), (1, "4-7", 2000)],
      distances: [0: "10 21", 1: "21 10"])
    let topology = Topology(sysfsRoot: tree.root, allowedCPUs: Array(0..<8))
    #expect(topology.nodes.map(\.cpus) == [[0, 1, 2, 3], [4, 5, 6, 7]])
    #expect(topology.nodes.map(\.memory) == [1000 * 1024, 2000 * 1024])
    #expect(topology.nodes[1].distances == [0: 21, 1: 10])
    #expect(topology.node(ofCPU: 5) == 1)
    #expect(topology.arenaNodes == [0, 1])
  }

  @Test("four nodes with gaps in their numbers and interleaved CPUs are told apart")
  func fourNodes() throws {
    let tree = try FixtureTree.machine(
      online: "0-7",
      nodes: [(0, "0,4", 8), (1, "1,5", 8), (4, "2,6", 8), (5, "3,7", 8)])
    let topology = Topology(sysfsRoot: tree.root, allowedCPUs: [1, 2, 5])
    #expect(topology.nodes.map(\.id) == [0, 1, 4, 5])
    #expect(topology.nodes[2].distances == [0: 20, 1: 20, 4: 10, 5: 20])
    #expect((0..<8).map { topology.node(ofCPU: $0) } == [0, 1, 4, 5, 0, 1, 4, 5])
    #expect(topology.usableCPUs == [1, 2, 5])
    #expect(topology.arenaNodes == [1, 4], "only nodes that the process runs near")
  }

  @Test("offline CPUs are neither usable nor listed")
  func offlineCPUs() throws {
    let tree = try FixtureTree.machine(
      online: "0,2-3", nodes: [(0, "0-1", 8), (1, "2-3", 8)])
    let topology = Topology(sysfsRoot: tree.root, allowedCPUs: [0, 1, 2])
    #expect(topology.usableCPUs == [0, 2])
    #expect(topology.nodes.map(\.cpus) == [[0], [2, 3]])
  }

  @Test("a node without memory borrows from the nearest that has some")
  func memorylessNode() throws {
    let tree = try FixtureTree.machine(
      online: "0-3", nodes: [(0, "0-1", 0), (1, "2", 8), (2, "3", 8), (3, "", 8)],
      distances: [0: "10 31 21 41"])
    let topology = Topology(sysfsRoot: tree.root, allowedCPUs: [0, 2])
    #expect(topology.memoryNode(near: 0) == 2)
    #expect(topology.memoryNode(near: 1) == 1)
    #expect(topology.arenaNodes == [1, 2], "a node of memory alone is nobody's home")
  }

  @Test("a tree without nodes is one node with every usable CPU")
  func fallback() throws {
    let bare = try FixtureTree(["devices/system/cpu/online": "0-1"])
    let topology = Topology(sysfsRoot: bare.root, allowedCPUs: [1])
    #expect(topology.nodes.map(\.id) == [0])
    #expect(topology.nodes.map(\.cpus) == [[0, 1]])
    #expect(topology.usableCPUs == [1])
    let nothing = Topology(sysfsRoot: "/nonexistent", allowedCPUs: [3, 2])
    #expect(nothing.usableCPUs == [2, 3])
    #expect(nothing.nodes.map(\.cpus) == [[2, 3]])
    #expect(nothing.node(ofCPU: 99) == 0)
  }

  @Test(
    "nonsense in the tree falls back instead of failing",
    arguments: ["3-1", "a-b", "-", "0-99999999999", "1,,x", "0-1-2"])
  func nonsense(_ list: String) throws {
    let tree = try FixtureTree.machine(online: list, nodes: [(0, list, -5)])
    let topology = Topology(sysfsRoot: tree.root, allowedCPUs: [0])
    #expect(topology.usableCPUs == [0])
    #expect(topology.nodes.count == 1)
    #expect(topology.nodes[0].memory == 0)
  }

  @Test("this machine has a usable CPU and a node to put memory on")
  func thisMachine() {
    let topology = Topology()
    #expect(!topology.usableCPUs.isEmpty)
    #expect(!topology.arenaNodes.isEmpty)
  }
}
