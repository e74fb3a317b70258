import Ring
import TestSupport
import Testing

@Suite("Where rings run")
struct TopologyRingsTests {
  @Test("on one node the rings take its CPUs in order")
  func oneNode() throws {
    let tree = try FixtureTree.machine(online: "0-3", nodes: [(0, "0-3", 8)])
    let topology = Topology(sysfsRoot: tree.root, allowedCPUs: [0, 1, 2, 3])
    #expect(topology.ringPlaces(count: 4).map(\.cpu) == [0, 1, 2, 3])
    #expect(topology.ringPlaces(count: 2).map(\.cpu) == [0, 1])
    #expect(topology.ringPlaces(count: 2).map(\.node) == [0, 0])
  }

  @Test("on two nodes fewer rings than CPUs are spread evenly")
  func twoNodes() throws {
    let tree = try FixtureTree.machine(online: "0-7", nodes: [(0, "0-3", 8), (1, "4-7", 8)])
    let topology = Topology(sysfsRoot: tree.root, allowedCPUs: Array(0..<8))
    let places = topology.ringPlaces(count: 4)
    #expect(places.map(\.cpu) == [0, 4, 1, 5])
    #expect(places.map(\.node) == [0, 1, 0, 1])
    #expect(Set(topology.ringPlaces(count: 8).compactMap(\.cpu)) == Set(0..<8))
    #expect(Set(places.map(\.node)) == Set(topology.arenaNodes), "each arena has rings beside it")
  }

  @Test("on four nodes of unequal size the larger ones get the rest")
  func fourNodes() throws {
    let tree = try FixtureTree.machine(
      online: "0-7", nodes: [(0, "0-3", 8), (1, "4-5", 8), (2, "6", 8), (3, "7", 8)])
    let topology = Topology(sysfsRoot: tree.root, allowedCPUs: Array(0..<8))
    #expect(topology.ringPlaces(count: 8).map(\.cpu) == [0, 4, 6, 7, 1, 5, 2, 3])
    #expect(topology.ringPlaces(count: 8).map(\.node) == [0, 1, 2, 3, 0, 1, 0, 0])
    #expect(topology.arenaNodes == [0, 1, 2, 3])
  }

  @Test("CPUs that the process may not use get no ring")
  func allowedOnly() throws {
    let tree = try FixtureTree.machine(online: "0-3,6", nodes: [(0, "0-3", 8), (1, "4-7", 8)])
    let topology = Topology(sysfsRoot: tree.root, allowedCPUs: [2, 3, 5, 6])
    #expect(topology.ringPlaces(count: 3).map(\.cpu) == [2, 6, 3])
  }

  @Test("more rings than CPUs are pinned to none, and still spread over the nodes")
  func moreThanCPUs() throws {
    let tree = try FixtureTree.machine(online: "0-1", nodes: [(0, "0", 8), (1, "1", 8)])
    let topology = Topology(sysfsRoot: tree.root, allowedCPUs: [0, 1])
    let places = topology.ringPlaces(count: 4)
    #expect(places.allSatisfy { $0.cpu == nil })
    #expect(places.map(\.node) == [0, 1, 0, 1])
  }

  @Test("a ring on a node without memory fills on the nearest node that has some")
  func memoryless() throws {
    let tree = try FixtureTree.machine(
      online: "0-2", nodes: [(0, "0", 0), (1, "1", 8), (2, "2", 8)],
      distances: [0: "10 31 21"])
    let topology = Topology(sysfsRoot: tree.root, allowedCPUs: [0, 1, 2])
    #expect(
      topology.ringPlaces(count: 3)
        == [RingPlace(cpu: 0, node: 2), RingPlace(cpu: 1, node: 1), RingPlace(cpu: 2, node: 2)])
  }
}
