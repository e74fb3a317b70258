// What every eviction policy keeps, and what each one is chosen for.

import DaemonDriver
import Model
import Testing

@testable import PageStore

@Suite("Eviction policies")
struct EvictionPolicyContractTests {
  private let size = 64 << 10

  private func store(_ policy: EvictionPolicyKind, pages: Int) throws -> PageStore {
    var options = PageStoreOptions()
    options.pageSize = size
    options.seed = 3
    options.policy = policy
    return try PageStore(memory: pages * size, disks: [], options: options)
  }

  /// Reads a page as a cache does; true when it was there.
  private func read(_ number: Int, _ store: PageStore, _ now: UInt64) -> Bool {
    if case .hit = store.lookup(key(number), now: now) { return true }
    store.put(key(number), now: now)
    return false
  }

  @Test(
    "room is made exactly when it is needed, whatever was read",
    arguments: EvictionPolicyKind.allCases)
  func room(policy: EvictionPolicyKind) throws {
    let store = try store(policy, pages: 32)
    var random = SeededRandom(seed: 11)
    for step in 1...4000 {
      _ = read(random.below(random.below(4) == 0 ? 400 : 40), store, UInt64(step) * 128)
      if step % 200 == 0 { #expect(store.checkInvariants() == [], "step \(step)") }
    }
    #expect(store.statistics.pages == 32 && store.used == 32 * size)
    #expect(store.statistics.rejections == 0)
  }

  @Test(
    "a held page never leaves, and everything leaves when asked to",
    arguments: EvictionPolicyKind.allCases)
  func held(policy: EvictionPolicyKind) throws {
    let store = try store(policy, pages: 8)
    store.put(key(1), now: 128)
    let lease = try store.lease(key(1), now: 256)
    for number in 2..<200 { _ = read(number, store, UInt64(number) * 128) }
    #expect(isPattern(lease.bytes, of: key(1)) && !lease.isDoomed)
    _ = consume lease
    while store.evict(toUsed: 0) > 0 {}
    #expect(store.used == 0 && store.checkInvariants() == [])
  }

  @Test("what fits is missed once", arguments: EvictionPolicyKind.allCases)
  func fits(policy: EvictionPolicyKind) throws {
    let store = try store(policy, pages: 16)
    var hits = 0
    for round in 0..<10 {
      for number in 0..<16 where read(number, store, UInt64(round * 16 + number + 1) * 128) {
        hits += 1
      }
    }
    #expect(hits == 9 * 16)
  }

  @Test("LRU keeps what was used last, FIFO what came last")
  func order() throws {
    for (policy, left) in [(EvictionPolicyKind.lru, 1), (.fifo, 0)] {
      let store = try store(policy, pages: 2)
      for (step, number) in [0, 1, 0, 2].enumerated() {
        _ = read(number, store, UInt64(step + 1) * 1280)
      }
      #expect(!store.contains(key(left)), "\(policy)")
      #expect(store.contains(key(2)))
    }
  }

  @Test("LFU keeps the page used most, S3-FIFO keeps the working set through a scan")
  func frequency() throws {
    for policy in [EvictionPolicyKind.lfu, .s3fifo] {
      let store = try store(policy, pages: 40)
      var now: UInt64 = 0
      for _ in 0..<6 {
        for number in 0..<16 {
          now += 1280
          _ = read(number, store, now)
        }
      }
      for number in 1000..<1400 {
        now += 1280
        _ = read(number, store, now)
      }
      let kept = (0..<16).count { store.contains(key($0)) }
      #expect(kept == 16, "\(policy) keeps \(kept) of 16")
    }
    let lru = try store(.lru, pages: 40)
    for step in 0..<16 { _ = read(step, lru, UInt64(step + 1) * 1280) }
    for step in 16..<500 { _ = read(step + 1000, lru, UInt64(step + 1) * 1280) }
    #expect((0..<16).allSatisfy { !lru.contains(key($0)) }, "a scan washes LRU out")
  }

  @Test(
    "what was hot once leaves when nobody uses it any more, however hot it was",
    arguments: EvictionPolicyKind.allCases.filter { $0 != .fifo })
  func ages(policy: EvictionPolicyKind) throws {
    let store = try store(policy, pages: 40)
    var now: UInt64 = 0
    func use(_ numbers: Range<Int>, _ rounds: Int) {
      for _ in 0..<rounds {
        for number in numbers {
          now += 1280
          _ = read(number, store, now)
        }
      }
    }
    use(0..<40, 400)
    for wave in 1...8000 { use(wave * 1000..<wave * 1000 + 4, 3) }
    let left = (0..<40).count { store.contains(key($0)) }
    #expect(left == 0, "\(policy) still keeps \(left) of 40")
    #expect(store.checkInvariants() == [])
  }

  @Test("LFU takes half of a count, of each class in turn but the lowest")
  func halves() {
    var counts = LaneCounts()
    counts[0] = 9
    #expect(LFUPolicy.agingLane(counts, turn: 3) == nil)
    (counts[3], counts[5]) = (5, 4)
    #expect((0..<7).map { LFUPolicy.agingLane(counts, turn: $0) } == [3, 3, 3, 5, 5, 3, 3])
    #expect(LRUPolicy.agingLane(counts, turn: 0) == nil)
    var heat: UInt8 = 255
    var lanes: [Int] = []
    while heat > 0 { lanes.append(LFUPolicy.onAging(heat: &heat)) }
    #expect(lanes == [6, 5, 4, 3, 2, 1, 0, 0])
  }

  @Test("LFU's classes are logarithms to the base that was set")
  func classes() throws {
    func lanes(_ base: Double) -> [Int] {
      [0, 1, 2, 5, 6, 13, 14, 126, 254, 255].map { LFUClasses(base: base).lane(ofHeat: UInt8($0)) }
    }
    #expect(lanes(2) == [0, 0, 1, 1, 2, 2, 3, 6, 7, 7])
    #expect(lanes(10) == [0, 0, 0, 0, 0, 0, 0, 1, 2, 2])
    #expect(lanes(1) == [0, 0, 1, 2, 3, 6, 7, 7, 7, 7])
    #expect(lanes(1_000_000) == Array(repeating: 0, count: 10))
    // With base 2 a page of 13 uses is dearer than one of 3, with base 16 only the last use counts.
    for (base, left) in [(2.0, 2), (16, 1)] {
      var options = PageStoreOptions()
      (options.pageSize, options.seed, options.policy) = (64 << 10, 3, .lfu)
      options.lfuLogBase = base
      let store = try PageStore(memory: 128 << 10, disks: [], options: options)
      for (number, uses) in [(1, 13), (2, 3)] {
        for turn in 0...uses { _ = read(number, store, UInt64(number * 100 + turn) * 1280) }
      }
      #expect(read(3, store, 1_000_000) == false)
      #expect(!store.contains(key(left)), "base \(base)")
    }
  }

  @Test("a key that left S3-FIFO's small queue comes back into the main one")
  func ghosts() throws {
    let ghosts = try GhostTable(count: 100)
    ghosts.insert(0x1234_5678_9ABC_DEF0)
    let other = ghosts.remove(0x1234_567A_9ABC_DEF0)
    let own = ghosts.remove(0x1234_5678_9ABC_DEF0)
    let again = ghosts.remove(0x1234_5678_9ABC_DEF0)
    #expect(!other && own && !again, "its own key, once")
    #expect(S3FIFOPolicy.laneOnInsertion(wasRemembered: true) == 1)
  }
}
