import Glibc
import Model
import Synchronization
import Testing

@testable import PageStore

@Suite("Handing down")
struct HandingDownTests {
  /// A store with 64 pages of SSD over 128 of HDD, the SSD with the watermarks of a daemon.
  private func tiers(hdd: Int = 128) throws -> TieredStore {
    try TieredStore(memory: 4, [(.ssd, 64), (.hdd, hdd)]) {
      $0.watermarks = [.ssd: PageStoreOptions.Watermarks(high: 0.95, low: 0.9)]
    }
  }

  /// Saves `numbers`, one page after another.
  private func save(_ numbers: Range<Int>, in tiers: TieredStore) async {
    for number in numbers {
      #expect(tiers.store.put(key(number), now: UInt64(number + 1) * 1000))
      await tiers.saveAll()
    }
  }

  /// Does what the reclaimer does when it is woken.
  private func reclaim(_ tiers: TieredStore) async {
    await tiers.store.reclaim(through: tiers.store.makeReclaimBuffers()) { _ in }
  }

  /// How many of the first `count` pages are where.
  private func places(_ count: Int, in tiers: TieredStore) async -> [String: Int] {
    var places: [String: Int] = [:]
    for number in 0..<count { places[await tiers.place(of: key(number)), default: 0] += 1 }
    return places
  }

  @Test("handing down keeps to its bandwidth")
  func bandwidth() async throws {
    let pauses = Mutex<[UInt64]>([])
    let tiers = try TieredStore(memory: 4, [(.ssd, 64), (.hdd, 128)]) {
      $0.watermarks = [.ssd: PageStoreOptions.Watermarks(high: 0.95, low: 0.8)]
      $0.demotionBandwidth = TieredStore.pageSize
      $0.clock = { 0 }
    }
    await save(0..<64, in: tiers)
    tiers.store.evict(toUsed: 0)
    await tiers.store.reclaim(through: tiers.store.makeReclaimBuffers()) { pause in
      pauses.withLock { $0.append(pause) }
    }
    // A page a second: 13 pages in two batches.
    #expect(tiers.store.statistics.demoted == 13)
    #expect(pauses.withLock { $0 } == [8_000_000_000, 5_000_000_000])
  }

  @Test("a page that finds the first tier full goes to the one below while that has room")
  func spill() async throws {
    let tiers = try tiers()
    await save(0..<150, in: tiers)
    tiers.store.evict(toUsed: 0)
    #expect(tiers.store.checkInvariants() == [])
    for number in 0..<150 {
      #expect(await tiers.place(of: key(number)) == (number < 64 ? "ssd" : "hdd"))
    }
    #expect(tiers.store.statistics.pages == 150)
  }

  @Test("with all tiers full, room is made in the lowest one")
  func full() async throws {
    let tiers = try tiers(hdd: 8)
    await save(0..<75, in: tiers)
    tiers.store.evict(toUsed: 0)
    #expect(tiers.store.checkInvariants() == [])
    #expect(await places(64, in: tiers) == ["ssd": 64])
    #expect(await places(75, in: tiers) == ["ssd": 64, "hdd": 8, "nowhere": 3])
  }

  @Test("the reclaimer hands the coldest pages down to the low watermark and loses none")
  func reclaimer() async throws {
    let tiers = try tiers()
    await save(0..<64, in: tiers)
    tiers.store.evict(toUsed: 0)
    await reclaim(tiers)
    #expect(tiers.store.checkInvariants() == [])
    #expect(tiers.store.statistics.pages == 64 && tiers.store.statistics.demoted == 7)
    #expect(await places(64, in: tiers) == ["ssd": 57, "hdd": 7])
  }

  @Test("while the tier below takes nothing, no more leaves than the high watermark asks for")
  func refused() async throws {
    let tiers = try tiers()
    await save(0..<64, in: tiers)
    tiers.store.evict(toUsed: 0)
    tiers.devices[1].fail(EIO)
    await reclaim(tiers)
    #expect(tiers.store.checkInvariants() == [])
    #expect(tiers.store.statistics.demoted == 0)
    #expect(tiers.store.statistics.pages == 60)
  }
}
