// A volume over a device and a log that somebody else made.

internal import Model

extension DiskVolume {
  /// A volume of `blockCount` blocks over `device` and `log`, which may be of any kind; it has no room until `restore`.
  ///
  /// - Throws: `memoryUnavailable`.
  package convenience init(
    device: any BlockDevice, log: any PageLog, id: VolumeID, pageSize: Int, blockCount: Int,
    slotCount: Int, now: @escaping @Sendable () -> UInt64
  ) throws(PageStoreError) {
    try self.init(
      Parts(
        device: device, log: log, id: id, pageSize: pageSize, blockCount: blockCount,
        slotCount: slotCount, health: VolumeHealth(now: now()), now: now))
  }
}
