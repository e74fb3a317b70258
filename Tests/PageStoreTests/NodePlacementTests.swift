// Which node a page lands on, on machines of one, two and four nodes that sysfs fixtures describe.

import Model
import Ring
import TestSupport
import Testing

@testable import PageStore

@Suite("NUMA placement")
struct NodePlacementTests {
  private static let pageSize = 64 << 10

  /// The topology of `count` nodes with two CPUs each.
  private static func topology(of count: Int) throws -> Topology {
    let nodes = (0..<count).map { (id: $0, cpus: "\($0 * 2)-\($0 * 2 + 1)", memory: 1 << 20) }
    let tree = try FixtureTree.machine(online: "0-\(count * 2 - 1)", nodes: nodes)
    return Topology(sysfsRoot: tree.root, allowedCPUs: Array(0..<count * 2))
  }

  private static func key(_ file: Int, _ index: Int) -> PageKey {
    PageKey(file: FileKey(high: UInt64(file + 1), low: 7), index: UInt32(index))
  }

  /// Fills a page near `node` and returns the node it landed on.
  private static func fill(_ store: PageStore, _ key: PageKey, near node: Int) -> Int? {
    guard case .owner(let fill) = store.fill(key, length: pageSize, node: node) else { return nil }
    let landed = fill.node
    let lease = fill.commit()
    return lease.node == landed ? landed : nil
  }

  @Test("every ring's fills land in the arena of its own node", arguments: [1, 2, 4])
  func ringsFillAtHome(nodeCount: Int) throws {
    let topology = try Self.topology(of: nodeCount)
    let store = try PageStore(
      capacity: nodeCount * 16 * Self.pageSize, pageSize: Self.pageSize,
      nodes: topology.arenaNodes, seed: 1)
    #expect(store.arenas.arenas.map(\.node) == Array(0..<nodeCount))
    #expect(store.volumePlaces.map(\.node) == Array(0..<nodeCount))
    for (ring, place) in topology.ringPlaces(count: nodeCount * 2).enumerated() {
      for index in 0..<4 {
        #expect(Self.fill(store, Self.key(ring, index), near: place.node) == place.node)
      }
    }
    // Two rings a node, four pages a ring: space is taken evenly.
    #expect(store.volumePlaces.allSatisfy { $0.used == 8 * Self.pageSize })
    for ring in 0..<nodeCount * 2 {
      for index in 0..<4 {
        guard case .hit(let lease) = store.lookup(Self.key(ring, index)) else {
          Issue.record("page \(index) of ring \(ring) is gone")
          continue
        }
        let node = lease.node
        #expect(node == ring % nodeCount)
      }
    }
  }

  @Test("a node without room borrows from another before anything is evicted", arguments: [2, 4])
  func borrows(nodeCount: Int) throws {
    let topology = try Self.topology(of: nodeCount)
    let store = try PageStore(
      capacity: nodeCount * 4 * Self.pageSize, pageSize: Self.pageSize,
      nodes: topology.arenaNodes, seed: 1)
    let landed = (0..<nodeCount * 4).map { Self.fill(store, Self.key(0, $0), near: 1) }
    #expect(landed[..<4] == [1, 1, 1, 1])
    #expect(!landed[4...].contains(1) && !landed.contains(nil))
    #expect(store.statistics.evictions == 0)
    #expect(store.used == store.capacity)
  }

  @Test("a node that has no arena fills on another")
  func noArena() throws {
    let store = try PageStore(
      capacity: 8 * Self.pageSize, pageSize: Self.pageSize, nodes: [0, 1], seed: 1)
    let landed = Self.fill(store, Self.key(0, 0), near: 5)
    #expect(landed == 0 || landed == 1)
  }

  @Test(
    "a page goes to a disk of the node that its memory is on, while that has room",
    arguments: [2, 4])
  func disks(nodeCount: Int) async throws {
    var options = PageStoreOptions()
    options.pageSize = Self.pageSize
    options.seed = 1
    let unitsPerBlock = DiskLayout(pageSize: Self.pageSize).unitsPerBlock
    let disks = try (0..<nodeCount).map { node in
      try DiskVolume(
        DiskVolume.Parts(
          device: MemoryDevice(size: 4 * unitsPerBlock * 4096), log: MemoryLog(),
          id: VolumeID(high: 1, low: UInt64(node)), pageSize: Self.pageSize, blockCount: 4,
          slotCount: PageStore.slotCount(bytes: 64 << 20), node: node, number: UInt8(node),
          health: VolumeHealth(now: 0), now: { 0 }))
    }
    let store = try PageStore(
      memory: nodeCount * 8 * Self.pageSize, nodes: try Self.topology(of: nodeCount).arenaNodes,
      disks: disks, options: options)
    for position in disks.indices { store.restore(disk: position) }
    #expect(store.volumePlaces.map(\.node) == Array(0..<nodeCount) + Array(0..<nodeCount))
    // The last node first, so that the order of the disks is not what decides.
    let last = nodeCount - 1
    for index in 0..<3 { #expect(Self.fill(store, Self.key(0, index), near: last) == last) }
    for node in 0..<last { #expect(Self.fill(store, Self.key(1, node), near: node) == node) }
    await saveAll(store)
    let page = DiskLayout.unitCount(Self.pageSize) * 4096
    #expect(disks.map(\.used) == Array(repeating: page, count: last) + [3 * page])
    // One more fits there; the next borrows from another disk rather than push a page out.
    for index in 3..<5 { #expect(Self.fill(store, Self.key(0, index), near: last) == last) }
    await saveAll(store)
    #expect(disks[last].used == 4 * page)
    #expect(disks.reduce(0) { $0 + $1.used } == (5 + last) * page)
  }

  private func saveAll(_ store: PageStore) async {
    while store.core.tasks.unsaved.count > 0, let name = await store.core.tasks.unsaved.next() {
      await store.core.save(name)
    }
  }
}
