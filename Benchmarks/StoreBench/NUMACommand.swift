// `store-bench numa`: fills pages from a ring on each CPU and asks the kernel on which NUMA node their memory lies.
//
// Each ring fills near its own node while there is room, as the worker's read path does. Then the first ring fills until
// the whole store is used, which borrows from the other nodes. At the end every 4 KiB of every page is asked for with
// move_pages: it must lie on the node that the page's lease names, and the first pages on that of their ring.

import ArgumentParser
import CLinux
import Model
import PageStore
import Ring

struct NUMACommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "numa", abstract: "Proves that pages lie on the NUMA node asked for.")

  @Option(help: "Fails when the machine has fewer nodes with memory.") var nodes = 1
  @Option(help: "Pages of 1 MiB that each ring fills.") var pages = 12
  @Option(help: "Pages of 5,000 bytes that each ring fills.") var smallPages = 100

  private static let smallLength = 5000

  func run() throws {
    let topology = Topology()
    let arenaNodes = topology.arenaNodes
    print("\(topology.nodes.count) NUMA node(s), usable CPUs \(topology.usableCPUs)")
    guard arenaNodes.count >= nodes else {
      throw Failure("\(arenaNodes.count) node(s) with memory and a CPU; \(nodes) are wanted")
    }
    let places = topology.ringPlaces(count: topology.usableCPUs.count)
    // Room on each node for what its rings fill, and two blocks besides.
    let ringsPerNode = arenaNodes.map { node in places.filter { $0.node == node }.count }.max() ?? 1
    let perNode = ringsPerNode * (pages + (smallPages * 2 + 255) / 256) + 2
    let store = try PageStore(capacity: arenaNodes.count * perNode << 20, nodes: arenaNodes)
    let group = try ReactorGroup(places.map { Reactor.Options(cpu: $0.cpu, node: $0.node) })
    defer { group.stop() }
    var table = NodeTable(nodes: arenaNodes)
    for reactor in group.reactors {
      reactor.wait { [self] in fillPages(store, reactor) }
      for number in 0..<pages + smallPages {
        try check(store, key(reactor.index, number), asked: reactor.node, &table, reactor.index)
      }
    }
    let rest = group.reactors[0].wait { [self] in
      fillRest(store, group.reactors[0], file: places.count)
    }
    for number in 0..<rest {
      try check(store, key(group.reactors.count, number), asked: nil, &table, nil)
    }
    print(table.text(rings: places))
    guard store.statistics.evictions == 0, store.used == store.capacity else {
      throw Failure("the store was to be full without an eviction: \(store.statistics)")
    }
    guard table.wrong == 0 else { throw Failure("\(table.wrong) × 4 KiB on a wrong node") }
    print("every page lies on the node that the store says, and every ring's own on its node")
  }

  private func key(_ file: Int, _ number: Int) -> PageKey {
    PageKey(file: FileKey(high: UInt64(file) + 1, low: 1), index: UInt32(number))
  }

  /// Fills the ring's pages near its node.
  private func fillPages(_ store: PageStore, _ reactor: Reactor) {
    for number in 0..<pages + smallPages {
      let length = number < pages ? store.pageSize : Self.smallLength
      let key = key(reactor.index, number)
      guard case .owner(let fill) = store.fill(key, length: length, node: reactor.node) else {
        continue
      }
      unsafe fill.buffer.initializeMemory(
        as: UInt8.self, repeating: UInt8(truncatingIfNeeded: number))
      _ = fill.commit()
    }
  }

  /// Fills pages near the ring's node until nothing is free; returns how many.
  private func fillRest(_ store: PageStore, _ reactor: Reactor, file: Int) -> Int {
    var count = 0
    for length in [store.pageSize, 4096] {
      while store.used + length <= store.capacity {
        let key = key(file, count)
        guard case .owner(let fill) = store.fill(key, length: length, node: reactor.node) else {
          return count
        }
        unsafe fill.buffer.initializeMemory(as: UInt8.self, repeating: 1)
        _ = fill.commit()
        count += 1
      }
    }
    return count
  }

  /// Asks the kernel where a page lies and enters it in the table.
  private func check(
    _ store: PageStore, _ key: PageKey, asked: Int?, _ table: inout NodeTable, _ ring: Int?
  ) throws {
    guard case .hit(let lease) = store.lookup(key) else {
      throw Failure("page \(key.index) of ring \(ring ?? 0) is not in the store")
    }
    let count = (lease.count + 4095) / 4096
    var found = [Int32](repeating: -1, count: count)
    let rc = unsafe pen_memory_nodes(lease.bytes.baseAddress, 4096, count, &found)
    guard rc == 0 else { throw Failure("move_pages: errno \(-rc)") }
    let said = lease.node
    table.add(found.map { Int($0) }, said: said, asked: asked ?? said, ring: ring)
  }

  /// Why the proof fails.
  private struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
  }
}
