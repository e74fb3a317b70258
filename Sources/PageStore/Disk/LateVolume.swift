// A volume whose file does not open in time: the store has it from the start, without a page, and its file joins later.
//
//   store ──▶ DiskVolume ──▶ LateDevice ─ ─ join ─ ─▶ RingDevice
//                       └──▶ LateLog    ─ ─ join ─ ─▶ RocksPageLog
//
// Only such volumes pay for the step in between.

import Glibc
import Synchronization

/// A disk volume that waits for its file.
package final class LateVolume: Sendable {
  /// The volume; what its file says of itself is not known before `join`.
  package let disk: DiskVolume
  private let device: LateDevice
  private let log: LateLog

  /// A volume over nothing, whose `parts` have the size that its file will have.
  ///
  /// - Throws: `capacityTooSmall`, `capacityTooLarge`, `memoryUnavailable`.
  package init(
    _ options: VolumeFile.Options, slotCount: Int, tier: Tier, node: Int, number: UInt8,
    name: String, trailerMemory: Int, health: VolumeHealth,
    now: @escaping @Sendable () -> UInt64
  ) throws(PageStoreError) {
    let unitCount = Int(try options.unitCount())
    device = LateDevice(
      size: Superblock.dataOffset + Int64(unitCount) * Int64(DiskLayout.unitSize))
    log = LateLog()
    let unitsPerBlock = DiskLayout(pageSize: options.pageSize).unitsPerBlock
    var parts = DiskVolume.Parts(
      device: device, dataOffset: Superblock.dataOffset, log: log, id: VolumeID(high: 0, low: 0),
      pageSize: options.pageSize, blockCount: unitCount / unitsPerBlock, slotCount: slotCount,
      tier: tier, node: node, number: number, trailerMemory: trailerMemory, health: health,
      now: now)
    parts.name = name
    disk = try DiskVolume(parts)
  }

  /// Puts `file` under the volume, once, before the volume is restored.
  package func join(_ file: VolumeFile) {
    disk.identify(
      id: file.id, restorableUnits: file.restorableUnits, isClean: file.log.wasClosed)
    device.join(file.device)
    log.join(file.log)
  }
}

/// A device that is not there yet: what is asked of it fails with ENODEV.
final class LateDevice: BlockDevice {
  let size: Int64
  private let device = Mutex<(any BlockDevice)?>(nil)

  init(size: Int64) { self.size = size }

  func join(_ device: any BlockDevice) { self.device.withLock { $0 = device } }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer
  ) {
    guard let device = device.withLock({ $0 }) else { return transfer.end(-ENODEV) }
    unsafe device.read(into: buffer, at: offset, for: transfer)
  }

  func write(
    from buffer: UnsafeRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer
  ) {
    guard let device = device.withLock({ $0 }) else { return transfer.end(-ENODEV) }
    unsafe device.write(from: buffer, at: offset, for: transfer)
  }

  func sync(for transfer: DeviceTransfer) {
    guard let device = device.withLock({ $0 }) else { return transfer.end(-ENODEV) }
    device.sync(for: transfer)
  }
}

/// A log that is not there yet: it has no records, and no page is put where it would be one of them.
final class LateLog: PageLog {
  private let log = Mutex<(any PageLog)?>(nil)

  private var current: (any PageLog)? { log.withLock { $0 } }

  func join(_ log: any PageLog) { self.log.withLock { $0 = log } }

  func put(_ page: StoredPage) { current?.put(page) }
  func remove(unit: UInt32) { current?.remove(unit: unit) }
  func quarantine(unit: UInt32, count: Int) { current?.quarantine(unit: unit, count: count) }
  func forgive(unit: UInt32) { current?.forgive(unit: unit) }
  func restore(
    _ body: (StoredPage) -> Void, quarantined: (_ unit: UInt32, _ count: Int) -> Void
  ) throws(PageStoreError) {
    try current?.restore(body, quarantined: quarantined)
  }
  func flush() async { await current?.flush() }
  func close() { current?.close() }
  func doubt() { current?.doubt() }
  func age(now: UInt64) -> UInt64? { current?.age(now: now) }
  func abandon() { current?.abandon() }
  var failure: String? { current?.failure }
}
