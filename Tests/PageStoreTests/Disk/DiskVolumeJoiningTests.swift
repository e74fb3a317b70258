import Glibc
import Model
import Testing

@testable import PageStore

@Suite("DiskVolumeJoining", .timeLimit(.minutes(1)))
struct DiskVolumeJoiningTests {
  /// A store with `count` pages on its disk and none in memory, and what the disk's log has of them.
  private static func filled(
    _ count: Int
  ) async throws -> (tiers: TieredStore, pages: [StoredPage]) {
    let tiers = try TieredStore(memory: 2, [(.ssd, 8)])
    for number in 0..<count {
      tiers.store.put(key(number), now: UInt64(number) * 1000 + 1000)
      await tiers.saveAll()
    }
    tiers.store.evict(toUsed: 0)
    let pages = tiers.logs[0].changes.compactMap { change -> StoredPage? in
      if case .put(let page) = change { page } else { nil }
    }
    return (tiers, pages)
  }

  private static func copy(_ device: MemoryDevice) -> MemoryDevice {
    let copy = MemoryDevice(size: Int(device.size))
    let bytes = device.edit { $0 }
    copy.edit { $0 = bytes }
    return copy
  }

  private func until(_ isTrue: () -> Bool) async { while !isTrue() { await Task.yield() } }

  private static func join(
    _ tiers: TieredStore, _ device: MemoryDevice, _ log: MemoryLog
  ) throws {
    try tiers.disks[0].join(
      device: device, log: log, id: VolumeID(high: 1, low: 0), restorableUnits: .max,
      isClean: true)
    tiers.store.restore(disk: 0)
  }

  @Test(
    "of another file under a volume only what its own log says is there, and its bytes are served")
  func exchange() async throws {
    let (tiers, pages) = try await Self.filled(4)
    let (disk, old) = (tiers.disks[0], tiers.logs[0])
    let changes = old.changes
    disk.leave()
    #expect(!disk.acceptsPages)
    #expect(tiers.store.evacuate(disk: 0))
    #expect(disk.used == 0 && tiers.store.volumes[1].pages == 0)
    for number in 0..<4 { #expect(await tiers.place(of: key(number)) == "nowhere") }
    #expect(old.changes == changes, "the old log keeps its records")
    let log = MemoryLog(Array(pages.prefix(2)))
    try Self.join(tiers, Self.copy(tiers.devices[0]), log)
    tiers.devices[0].fail(EIO)
    for number in 0..<4 {
      let place = await tiers.place(of: key(number))
      #expect(place == (number < 2 ? "ssd" : "nowhere"), "\(number)")
    }
    tiers.store.put(key(9), now: 9000)
    await tiers.saveAll()
    tiers.store.evict(toUsed: 0)
    #expect(await tiers.place(of: key(9)) == "ssd")
    #expect(log.changes.count == 1, "its record is in the new log")
    #expect(tiers.store.checkInvariants() == [])
  }

  @Test("a page in memory stays when the copy below goes with its file")
  func front() async throws {
    let tiers = try TieredStore(memory: 2, [(.ssd, 8)])
    tiers.store.put(key(1), now: 1000)
    await tiers.saveAll()
    tiers.disks[0].leave()
    #expect(tiers.store.evacuate(disk: 0))
    #expect(await tiers.place(of: key(1)) == "memory")
    #expect(tiers.store.checkInvariants() == [])
    tiers.store.evict(toUsed: 0)
    #expect(await tiers.place(of: key(1)) == "nowhere")
    #expect(tiers.store.checkInvariants() == [])
  }

  @Test("a reader of the old file, and a write to it, are waited for")
  func readers() async throws {
    let (tiers, _) = try await Self.filled(2)
    let disk = tiers.disks[0]
    do {
      guard case .stored(let lease) = tiers.store.lookup(key(0), now: 9000) else {
        Issue.record("it is on disk")
        return
      }
      disk.leave()
      #expect(!tiers.store.evacuate(disk: 0), "a reader has a run")
      #expect(lease.count == TieredStore.pageSize)
    }
    #expect(tiers.store.evacuate(disk: 0))
    try Self.join(tiers, Self.copy(tiers.devices[0]), MemoryLog())
    let (next, store) = (MemoryDevice(size: Int(tiers.devices[0].size)), tiers.store)
    disk.leave()
    #expect(store.evacuate(disk: 0))
    try Self.join(tiers, next, MemoryLog())
    store.put(key(5), now: 10_000)
    next.hang()
    async let saved: Void = tiers.saveAll()
    await until { next.hangingCount > 0 }
    disk.leave()
    #expect(!store.evacuate(disk: 0), "a page is being written")
    next.answer()
    await saved
    #expect(store.evacuate(disk: 0))
    #expect(await tiers.place(of: key(5)) == "memory")
    #expect(store.checkInvariants() == [])
  }

  @Test("bad runs of the old file are forgotten, and none is tested on the new one")
  func badRuns() async throws {
    let (tiers, pages) = try await Self.filled(2)
    let (disk, unit) = (tiers.disks[0], pages[0].unit)
    tiers.devices[0].edit { $0[Int(disk.offset(of: unit)) + 5] ^= 1 }
    #expect(await tiers.place(of: key(0)) == "lost")
    let run = try #require(disk.badRuns.first)
    #expect(disk.beginTest(run.unit, run.count))
    disk.leave()
    #expect(!tiers.store.evacuate(disk: 0), "a run is being tested")
    disk.endTest()
    #expect(tiers.store.evacuate(disk: 0))
    try Self.join(tiers, MemoryDevice(size: Int(tiers.devices[0].size)), MemoryLog())
    #expect(disk.badRuns.isEmpty && disk.quarantinedBytes == 0 && disk.used == 0)
    #expect(!disk.beginTest(run.unit, run.count))
    #expect(tiers.store.checkInvariants() == [])
  }

  @Test("a volume whose file is not there yet has its quota, takes no page, and joins")
  func absent() async throws {
    let pageSize = TieredStore.pageSize
    let options = VolumeFile.Options(
      directory: "/nowhere", cluster: "c", pageSize: pageSize, quota: 1 << 20, now: 0)
    let disk = try DiskVolume.absent(
      options, slotCount: PageStore.slotCount(bytes: 64 << 20), tier: .ssd, node: 0, number: 0,
      name: "/nowhere", trailerMemory: 1 << 20, health: VolumeHealth(now: 0), now: { 0 })
    var choices = PageStoreOptions()
    choices.pageSize = pageSize
    let store = try PageStore(memory: 2 * pageSize, disks: [disk], options: choices)
    #expect(disk.identity == nil && disk.quota > 0 && !disk.acceptsPages)
    store.put(key(1), now: 1000)
    #expect(await disk.probe() == false, "nothing is there to be asked")
    let id = VolumeID(high: 7, low: 8)
    let device = MemoryDevice(size: Int(disk.offset(of: disk.unitCount)))
    let log = MemoryLog()
    try disk.join(device: device, log: log, id: id, restorableUnits: .max, isClean: true)
    #expect(disk.identity == id && !disk.acceptsPages, "its pages are to be entered first")
    store.restore(disk: 0)
    #expect(disk.acceptsPages)
    while store.core.tasks.unsaved.count > 0, let name = await store.core.tasks.unsaved.next() {
      await store.core.save(name)
    }
    #expect(log.changes.count == 1)
    #expect(store.checkInvariants() == [])
  }

  @Test(
    "a volume that cannot be used says why, until its next change of state; its probes begin at once when it returns"
  )
  func health() {
    let health = VolumeHealth(now: 0)
    health.unavailable("mount its disk", now: 1)
    #expect(health.state == .faulted && health.reason == "mount its disk")
    health.unavailable("mount another", now: 2)
    #expect(health.reason == "mount another" && health.counts.transitions == 1)
    #expect(!health.takeProbe(now: 2))
    health.returned(now: 3)
    #expect(health.takeProbe(now: 3))
  }
}
