// Making room: small pages against large ones, held pages in the way, and the order of leaving.

import DaemonDriver
import Model
import PageStore
import Testing

@Suite("Room")
struct RoomTests {
  private let size = 64 << 10
  private let unit = 4096

  @Test("large pages make progress through a store full of small ones, block by block")
  func largeAfterSmall() throws {
    let store = try PageStore(capacity: 8 * size, pageSize: size)
    for number in 0..<128 { #expect(store.put(key(number), unit, now: UInt64(number) * 1000)) }
    #expect(store.used == 8 * size)
    for number in 200..<208 {
      #expect(store.put(key(number), size, now: UInt64(number) * 1000))
      #expect(store.checkInvariants() == [])
    }
    #expect((200..<208).allSatisfy { store.contains(key($0)) })
    #expect(!(0..<128).contains { store.contains(key($0)) })
    for number in 300..<428 { #expect(store.put(key(number), unit, now: UInt64(number) * 1000)) }
    #expect(store.used == 8 * size)
    #expect(store.checkInvariants() == [])
  }

  @Test("pages that leave are counted, whatever takes them; as long as none left, all are there")
  func departures() throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    for number in 0..<4 { #expect(store.put(key(number), size, now: UInt64(number) * 1000)) }
    #expect(store.statistics.departures == 0)
    #expect(store.drop(page: key(0)) == size && store.drop(page: key(0)) == 0)
    #expect(store.statistics.departures == 1)
    #expect(store.put(key(4), size, now: 5000) && store.statistics.departures == 1)
    #expect(store.put(key(5), size, now: 6000))
    #expect(store.statistics.evictions == 1 && store.statistics.departures == 2)
  }

  @Test("a large page takes the one block in which nothing is held")
  func heldNeighbours() throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    for number in 0..<64 { #expect(store.put(key(number), unit, now: UInt64(number + 1) * 1000)) }
    // Pages 0–15 fill the first block, and so on; one page of each block but the third is held.
    let leases = try [3, 20, 63].map { Held(try store.lease(key($0), now: 100_000)) }
    #expect(store.put(key(100), size, now: 200_000))
    #expect(store.checkInvariants() == [])
    do {
      let large = try store.lease(key(100), now: 250_000)
      #expect(store.wish(key(101), size, now: 300_000) == "full")
      #expect(unsafe isPattern(large.bytes, of: key(100)))
    }
    #expect(store.contains(key(3)) && store.contains(key(20)) && store.contains(key(63)))
    #expect(store.put(key(102), 15 * unit, now: 400_000), "beside a held page there is room")
    for lease in leases { _ = lease.take() }
    #expect(store.put(key(103), size, now: 500_000))
    #expect(store.checkInvariants() == [])
  }

  @Test("a small page takes the place of an equally small one and leaves its neighbours alone")
  func smallForSmall() throws {
    let store = try PageStore(capacity: 2 * size, pageSize: size)
    for number in 0..<32 { #expect(store.put(key(number), unit, now: UInt64(number + 1) * 1000)) }
    for number in 32..<40 { #expect(store.put(key(number), unit, now: UInt64(number + 1) * 1000)) }
    #expect((0..<8).allSatisfy { !store.contains(key($0)) })
    #expect((8..<40).allSatisfy { store.contains(key($0)) })
    #expect(store.statistics.evictions == 8)
  }

  @Test("room is made by whole blocks when the oldest page alone is too small")
  func oneBlockForMany() throws {
    let store = try PageStore(capacity: 8 * size, pageSize: size)
    for number in 0..<128 { #expect(store.put(key(number), unit, now: UInt64(number) * 1000)) }
    #expect(store.put(key(200), 2 * unit, now: 200_000))
    #expect((0..<16).allSatisfy { !store.contains(key($0)) }, "the oldest page's block")
    #expect((16..<128).allSatisfy { store.contains(key($0)) })
    for number in 201..<208 { #expect(store.put(key(number), 2 * unit, now: 300_000)) }
    #expect(store.statistics.evictions == 16, "the rest of the block served the next pages")
  }

  @Test("fills under way and doomed pages count against the quota and are not evicted")
  func nothingToEvict() throws {
    let store = try PageStore(capacity: 2 * size, pageSize: size)
    store.put(key(0), now: 1000)
    let doomed = try store.lease(key(0))
    store.drop(page: key(0))
    let fill = try store.own(key(1), now: 2000)
    #expect(store.wish(key(2), unit) == "full")
    #expect(store.used == 2 * size)
    #expect(unsafe isPattern(doomed.bytes, of: key(0)))
    fill.fail(.abandoned)
    #expect(store.put(key(2), now: 3000))
    #expect(store.used == 2 * size)
    #expect(store.checkInvariants() == [])
  }

  @Test("memory is made ready ahead of need, and only within the quota")
  func prepare() throws {
    let store = try PageStore(capacity: 7 << 20, pageSize: 1 << 20)
    #expect(store.statistics.committed == 0)
    #expect(store.prepare(3 << 20))
    #expect(store.statistics.committed == 4 << 20)
    #expect(store.prepare(1 << 40))
    #expect(store.statistics.committed == 7 << 20)
    for number in 0..<7 { #expect(store.put(key(number), 1 << 20, now: 1000)) }
    #expect(store.statistics.evictions == 0)
  }

  @Test(
    "with full pages the store is exactly an LRU cache in which a held page counts as used",
    arguments: SeededRandom.seeds(12))
  func exactLRU(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let capacity = 2 + random.below(12)
    let store = try PageStore(capacity: capacity * size, pageSize: size, seed: seed)
    var model = ModelLRU(capacity: capacity)
    var leases: [(key: PageKey, lease: Held<PageLease>)] = []
    var now: UInt64 = 1000
    for step in 0..<1500 {
      now += 1000
      let page = key(random.below(3 * capacity))
      switch random.below(10) {
      case 0..<4:
        if case .hit(let lease) = store.lookup(page, now: now) {
          #expect(unsafe isPattern(lease.bytes, of: page), "SEED=\(seed) step \(step)")
          let isHere = model.touch(page)
          #expect(isHere, "SEED=\(seed) step \(step)")
          if random.below(4) == 0, leases.count < capacity {
            leases.append((page, Held(lease)))
            model.held[page, default: 0] += 1
          }
        } else {
          #expect(!model.order.contains(page), "SEED=\(seed) step \(step)")
        }
      case 4..<8:
        let isKept = store.put(page, now: now)
        let (expected, rotated) = model.fill(page)
        #expect(isKept == expected, "SEED=\(seed) step \(step)")
        // Pages that were stepped over got equal stamps: give them an order again.
        for key in rotated where model.touch(key) {
          now += 1000
          _ = try store.lease(key, now: now)
        }
        if !rotated.isEmpty, model.touch(page) {
          now += 1000
          _ = try store.lease(page, now: now)
        }
      case 8:
        guard !leases.isEmpty else { continue }
        let (key, lease) = leases.remove(at: random.below(leases.count))
        _ = lease.take()
        model.held[key]? -= 1
      default:
        guard model.held[page] ?? 0 == 0 else { continue }
        let isDropped = model.drop(page)
        #expect((store.drop(page: page) > 0) == isDropped, "SEED=\(seed) step \(step)")
      }
      #expect(store.used == model.order.count * size, "SEED=\(seed) step \(step)")
      if step % 50 == 0 { #expect(store.checkInvariants() == [], "SEED=\(seed) step \(step)") }
    }
    #expect(model.order.allSatisfy { store.contains($0) }, "SEED=\(seed)")
  }
}
