// A volume whose file is not open: the store has it from the start, without a page, and its file joins when it can be opened.
//
//   store ──▶ DiskVolume ──▶ AbsentDevice, AbsentLog ──join──▶ RingDevice, RocksPageLog ──leave──▶ AbsentDevice, …

import Glibc

extension DiskVolume {
  /// A volume over nothing, as large as the file that `options` name will be; what that says of itself is not known before `join`.
  ///
  /// - Throws: `capacityTooSmall`, `capacityTooLarge`, `memoryUnavailable`.
  package static func absent(
    _ options: VolumeFile.Options, slotCount: Int, tier: Tier, node: Int, number: UInt8,
    name: String, trailerMemory: Int, health: VolumeHealth,
    now: @escaping @Sendable () -> UInt64
  ) throws(PageStoreError) -> DiskVolume {
    let unitCount = Int(try options.unitCount())
    let unitsPerBlock = DiskLayout(pageSize: options.pageSize).unitsPerBlock
    var parts = DiskVolume.Parts(
      device: AbsentDevice(), dataOffset: Superblock.dataOffset, log: AbsentLog(),
      id: VolumeID(high: 0, low: 0), pageSize: options.pageSize,
      blockCount: unitCount / unitsPerBlock, slotCount: slotCount, tier: tier, node: node,
      number: number, trailerMemory: trailerMemory, health: health, now: now)
    parts.name = name
    return try DiskVolume(parts)
  }
}

/// A device that is not there: what is asked of it fails with ENODEV.
final class AbsentDevice: BlockDevice {
  var size: Int64 { 0 }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer
  ) {
    transfer.end(-ENODEV)
  }

  func write(
    from buffer: UnsafeRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer
  ) {
    transfer.end(-ENODEV)
  }

  func sync(for transfer: DeviceTransfer) { transfer.end(-ENODEV) }
}

/// A log that is not there: it has no records and keeps none.
final class AbsentLog: PageLog {
  func put(_ page: StoredPage) {}
  func remove(unit: UInt32) {}
  func quarantine(unit: UInt32, count: Int) {}
  func forgive(unit: UInt32) {}
  func restore(
    _ body: (StoredPage) -> Void, quarantined: (_ unit: UInt32, _ count: Int) -> Void
  ) throws(PageStoreError) {}
  func flush() async {}
  func close() {}
}
