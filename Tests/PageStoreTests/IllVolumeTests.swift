// Eviction beside volumes that take no pages for a while: what they have stays.

import Glibc
import Testing

@testable import PageStore

@Suite("Volumes that take no pages")
struct IllVolumeTests {
  @Test("pages that find no volume do not push out what an ill one has")
  func onlyVolume() async throws {
    let tiers = try TieredStore(memory: 2, [(.ssd, 4)])
    try await fill(tiers, 0..<4)
    tiers.disks[0].health.failed(read: false, errno: ENOSPC, now: 1)
    try await fill(tiers, 4..<40)
    for number in 0..<4 { #expect(await tiers.place(of: key(number)) == "ssd", "\(number)") }
    #expect(tiers.disks[0].used == tiers.disks[0].quota)
  }

  @Test("beside a healthy volume, an ill one keeps its pages and the healthy one turns over")
  func twoVolumes() async throws {
    let tiers = try TieredStore(memory: 2, [(.ssd, 4), (.ssd, 4)])
    try await fill(tiers, 0..<8)
    #expect(tiers.disks.allSatisfy { $0.used == $0.quota })
    tiers.disks[0].health.failed(read: false, errno: EROFS, now: 1)
    try await fill(tiers, 8..<40)
    var kept = 0
    for number in 0..<8 where await tiers.place(of: key(number)) == "ssd" { kept += 1 }
    #expect(kept == 4)
    #expect(tiers.disks.allSatisfy { $0.used == $0.quota })
    let newest = await tiers.place(of: key(37))
    #expect(newest == "ssd")
    #expect(tiers.store.checkInvariants() == [])
  }

  private func fill(_ tiers: TieredStore, _ numbers: Range<Int>) async throws {
    for number in numbers {
      tiers.store.put(key(number), now: 1000 + UInt64(number) * 1000)
      await tiers.saveAll()
    }
  }
}
