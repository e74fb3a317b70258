// Stores with memory above simulated disks, whose background work runs when a test says so.

import Model
import PageStore
import Testing

@testable import PageStore

/// A store over memory and disks in memory.
final class TieredStore: @unchecked Sendable {
  static let pageSize = 64 << 10
  let store: PageStore
  let devices: [MemoryDevice]
  let logs: [MemoryLog]
  let disks: [DiskVolume]

  /// A store of `memory` pages over a disk for each of `tiers`, with so many pages.
  init(
    memory: Int, _ tiers: [(Tier, Int)], logs: [MemoryLog]? = nil,
    devices former: [MemoryDevice]? = nil, health: VolumeHealthOptions = VolumeHealthOptions(),
    clock: TestClock? = nil, _ change: (inout PageStoreOptions) -> Void = { _ in }
  ) throws {
    let pageSize = TieredStore.pageSize
    var options = PageStoreOptions()
    options.pageSize = pageSize
    options.seed = 7
    change(&options)
    let unitsPerBlock = DiskLayout(pageSize: pageSize).unitsPerBlock
    var devices: [MemoryDevice] = []
    let logs = logs ?? tiers.map { _ in MemoryLog() }
    var disks: [DiskVolume] = []
    for (position, (tier, count)) in tiers.enumerated() {
      let device = former?[position] ?? MemoryDevice(size: count * unitsPerBlock * 4096)
      devices.append(device)
      disks.append(
        try DiskVolume(
          DiskVolume.Parts(
            device: device, log: logs[position],
            id: VolumeID(high: 1, low: UInt64(position)), pageSize: pageSize, blockCount: count,
            slotCount: PageStore.slotCount(bytes: 64 << 20), tier: tier,
            health: VolumeHealth(options: health, now: clock?.now ?? 0),
            now: { clock?.now ?? 0 })))
    }
    self.devices = devices
    self.logs = logs
    self.disks = disks
    store = try PageStore(memory: memory * pageSize, disks: disks, options: options)
    for position in disks.indices { store.restore(disk: position) }
  }

  /// Writes all unsaved pages below.
  func saveAll() async {
    while store.core.tasks.unsaved.count > 0, let name = await store.core.tasks.unsaved.next() {
      await store.core.save(name)
    }
  }

  /// Brings all queued pages to memory.
  func promoteAll() async throws {
    let buffer = TransferBuffer(store.readBufferSize)
    #expect(buffer.prepare())
    while store.core.tasks.promotions.count > 0, let name = await store.core.tasks.promotions.next()
    {
      _ = await store.core.promote(name, near: 0, through: buffer)
    }
  }

  /// Moves `count` pages of the first disk tier to the next.
  func demote(_ count: Int) async throws -> Int {
    let buffer = TransferBuffer(store.readBufferSize)
    #expect(buffer.prepare())
    var done = 0
    while done < count, await store.core.demoteNext(1, through: buffer) { done += 1 }
    return done
  }

  /// Where `key` is: `memory`, `ssd`, `hdd` or `nowhere`; what is read is compared.
  func place(of key: PageKey, now: UInt64 = 0) async -> String {
    switch store.lookup(key, now: now) {
    case .hit(let lease): return isPattern(lease.bytes, of: key) ? "memory" : "wrong bytes"
    case .stored(let lease):
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: store.readBufferSize, alignment: 4096)
      let range: Range<Int>
      switch await lease.read(0..<lease.count, into: buffer) {
      case .bytes(let found): range = found
      case .lost:
        buffer.deallocate()
        return "lost"
      case .stuck(let hold):
        hold.whenReturned { buffer.deallocate() }
        return "stuck"
      }
      defer { buffer.deallocate() }
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[range])
      return isPattern(bytes, of: key) ? "\(lease.tier)" : "wrong bytes"
    case .miss: return "nowhere"
    }
  }
}
