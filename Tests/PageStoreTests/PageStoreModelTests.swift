// Random operations against a dictionary: what must be there is there, what must not is not, every byte is its page's,
// every unit is accounted for. One thread with the invariants checked at each step, then many threads.

import DaemonDriver
import Model
import PageStore
import Testing

@Suite("PageStore against a model")
struct PageStoreModelTests {
  /// The store, and what the test knows about it.
  private struct World {
    let store: PageStore
    let seed: UInt64
    var random: SeededRandom
    var now: UInt64 = 1000
    /// Length of each page that was committed and not dropped since; eviction may have taken it.
    var committed: [PageKey: Int] = [:]
    var leases: [(key: PageKey, lease: Held<PageLease>)] = []
    var fills: [(key: PageKey, fill: Held<PageFill>)] = []

    mutating func pick() -> PageKey {
      key(random.below(12), UInt32(random.below(random.below(4) == 0 ? 1000 : 6)))
    }

    /// The length that a page always has: its key decides.
    func length(_ key: PageKey) -> Int {
      var local = SeededRandom(seed: pattern(key) ^ seed)
      let size = store.pageSize
      switch local.below(4) {
      case 0: return size
      case 1: return 1 + local.below(4096)
      case 2: return 1 + local.below(size)
      default: return size - local.below(4096)
      }
    }
  }

  @Test(
    "one thread: any sequence of operations keeps every promise", arguments: SeededRandom.seeds(10))
  func oneThread(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let pageSize = (64 << 10) << random.below(2)
    let store = try PageStore(
      capacity: (4 + random.below(20)) * pageSize, pageSize: pageSize,
      nodes: random.below(2) == 0 ? [0] : [0, 1], seed: seed)
    var world = World(store: store, seed: seed, random: random)
    for step in 0..<1200 {
      try act(in: &world)
      let label: Comment = "SEED=\(seed) step \(step)"
      #expect(store.used <= store.capacity, label)
      if step % 4 == 0 { #expect(store.checkInvariants() == [], label) }
    }
    try finish(&world)
  }

  private func act(in world: inout World) throws {
    world.now += UInt64(world.random.below(3)) * 1000
    let page = world.pick()
    switch world.random.below(100) {
    case 0..<35: try lookUp(page, &world)
    case 35..<65: try begin(page, &world)
    case 65..<80: endFill(&world)
    case 80..<92:
      guard !world.leases.isEmpty else { return }
      let (key, lease) = world.leases.remove(at: world.random.below(world.leases.count))
      if let lease = lease.take() {
        #expect(unsafe isPattern(lease.bytes, of: key), "SEED=\(world.seed): under a lease")
      }
    case 92..<94:
      world.store.drop(page.file)
      for key in world.committed.keys where key.file == page.file { world.committed[key] = nil }
      #expect(world.store.residentPages(of: page.file) == 0)
    case 94..<96:
      world.store.drop(page: page)
      world.committed[page] = nil
    default:
      let target = world.random.below(world.store.capacity)
      world.store.evict(toUsed: target, limit: 1 + world.random.below(20))
    }
  }

  private func lookUp(_ page: PageKey, _ world: inout World) throws {
    guard case .hit(let lease) = world.store.lookup(page, now: world.now) else { return }
    #expect(world.committed[page] == lease.count, "SEED=\(world.seed): a page nobody committed")
    #expect(unsafe isPattern(lease.bytes, of: page), "SEED=\(world.seed): wrong bytes")
    if world.random.below(3) == 0, world.leases.count < 12 {
      world.leases.append((page, Held(lease)))
    }
  }

  private func begin(_ page: PageKey, _ world: inout World) throws {
    let length = world.length(page)
    let node = world.random.below(2)
    let isFilling = world.fills.contains { $0.key == page }
    let isHere = world.store.contains(page)
    switch world.store.fill(page, length: length, node: node, now: world.now) {
    case .hit(let lease):
      #expect(isHere && lease.count == length, "SEED=\(world.seed)")
    case .owner(let fill):
      #expect(!isHere && !isFilling, "SEED=\(world.seed): two fills of a page")
      #expect(unsafe fill.buffer.count == length, "SEED=\(world.seed)")
      unsafe write(page, to: fill.buffer)
      world.fills.append((page, Held(fill)))
      if world.fills.count > 6 { endFill(&world) }
    case .stored: Issue.record("SEED=\(world.seed): there is no disk")
    case .join:
      #expect(isFilling, "SEED=\(world.seed): a wait for nobody")
    case .rejected(let reason):
      #expect(reason == .full, "SEED=\(world.seed)")
      #expect(!world.leases.isEmpty || !world.fills.isEmpty, "SEED=\(world.seed): room was there")
    }
  }

  private func endFill(_ world: inout World) {
    guard !world.fills.isEmpty else { return }
    let (page, fill) = world.fills.remove(at: world.random.below(world.fills.count))
    guard let fill = fill.take() else { return }
    switch world.random.below(4) {
    case 0: fill.fail(.source(Oops()))
    case 1: _ = consume fill
    default:
      let lease = fill.commit(now: world.now)
      #expect(unsafe isPattern(lease.bytes, of: page), "SEED=\(world.seed)")
      // A page dropped during its fill is not kept.
      world.committed[page] = world.store.contains(page) ? lease.count : nil
    }
  }

  private func finish(_ world: inout World) throws {
    for (key, lease) in world.leases {
      if let lease = lease.take() { #expect(unsafe isPattern(lease.bytes, of: key)) }
    }
    for (_, fill) in world.fills { fill.take()?.fail(.abandoned) }
    world.store.dropAll()
    #expect(world.store.used == 0, "SEED=\(world.seed)")
    #expect(world.store.residentFiles() == [], "SEED=\(world.seed)")
    #expect(world.store.checkInvariants() == [], "SEED=\(world.seed)")
  }

  @Test(
    "many threads: no wrong byte, no byte over the quota, nothing lost",
    arguments: SeededRandom.seeds(4))
  func manyThreads(seed: UInt64) async throws {
    let store = try PageStore(
      capacity: 24 * (64 << 10), pageSize: 64 << 10, nodes: [0, 1], seed: seed)
    await withTaskGroup(of: [String].self) { group in
      for number in 0..<8 {
        group.addTask { await Self.load(store, seed: seed &* 31 &+ UInt64(number)) }
      }
      for await complaints in group { #expect(complaints == [], "SEED=\(seed)") }
    }
    #expect(store.checkInvariants() == [], "SEED=\(seed)")
    let statistics = store.statistics
    #expect(statistics.doomedPages == 0 && statistics.filling == 0, "SEED=\(seed)")
    store.dropAll()
    #expect(store.used == 0, "SEED=\(seed)")
    #expect(store.checkInvariants() == [], "SEED=\(seed)")
  }

  /// One task's random load; returns what was wrong.
  private static func load(_ store: PageStore, seed: UInt64) async -> [String] {
    var random = SeededRandom(seed: seed)
    var complaints: [String] = []
    var leases: [(key: PageKey, lease: Held<PageLease>)] = []
    for _ in 0..<2500 {
      let page = key(random.below(20), UInt32(random.below(4)))
      let length = 1 + Int(pattern(page) % UInt64(64 << 10))
      if store.used > store.capacity { complaints.append("over the quota") }
      switch random.below(20) {
      case 0: store.drop(page.file)
      case 1: store.evict(toUsed: random.below(store.capacity), limit: 3)
      case 2..<5:
        if !leases.isEmpty {
          let (key, lease) = leases.remove(at: random.below(leases.count))
          if let lease = lease.take(), unsafe !isPattern(lease.bytes, of: key) {
            complaints.append("bytes changed under a lease")
          }
        }
      default:
        switch store.fill(page, length: length, node: random.below(2)) {
        case .hit(let lease):
          if unsafe lease.count != length || !isPattern(lease.bytes, of: page) {
            complaints.append("wrong bytes")
          }
          if leases.count < 3 { leases.append((page, Held(lease))) }
        case .owner(let fill):
          if random.below(4) == 0 { await Task.yield() }
          if random.below(8) == 0 { continue }
          unsafe write(page, to: fill.buffer)
          let lease = fill.commit()
          if unsafe !isPattern(lease.bytes, of: page) { complaints.append("wrong bytes") }
        case .stored: complaints.append("there is no disk")
        case .join(let waiter):
          let result = await waiter.result(of: page)
          if result == "wrong bytes" { complaints.append(result) }
        case .rejected: break
        }
      }
    }
    for (key, lease) in leases {
      if let lease = lease.take(), unsafe !isPattern(lease.bytes, of: key) {
        complaints.append("bytes changed under a lease")
      }
    }
    return complaints
  }
}
