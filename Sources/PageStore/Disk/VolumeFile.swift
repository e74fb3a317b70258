// Opening a volume: its directory, its file and its log. Nothing is ever wiped: what does not fit is refused by name.

internal import CLinux
import Glibc

/// The open parts of one disk volume.
///
/// `open` blocks, on a thread that is no reactor's. Close it after the volume made of it is closed, while the reactors run.
package final class VolumeFile: Sendable {
  /// What is configured of a volume.
  package struct Options: Sendable {
    /// The directory that the volume's own directory lies in; it exists.
    package var directory: String
    /// Name of the cluster.
    package var cluster: String
    /// Bytes of a full page.
    package var pageSize: Int
    /// Most bytes that the volume's file takes; its log is not counted.
    package var quota: Int
    /// Seconds since 1970, for a volume that is made now.
    package var now: UInt64

    /// Options of their parts.
    package init(directory: String, cluster: String, pageSize: Int, quota: Int, now: UInt64) {
      self.directory = directory
      self.cluster = cluster
      self.pageSize = pageSize
      self.quota = quota
      self.now = now
    }

    /// Units that the quota has room for, whole blocks.
    ///
    /// - Throws: `capacityTooSmall`, `capacityTooLarge`.
    func unitCount() throws(PageStoreError) -> UInt32 {
      let unitsPerBlock = DiskLayout(pageSize: pageSize).unitsPerBlock
      let units = max(0, quota - Int(Superblock.dataOffset)) / DiskLayout.unitSize
      let whole = units / unitsPerBlock * unitsPerBlock
      guard whole > 0 else {
        throw PageStoreError(
          .capacityTooSmall, operation: "pageStore.volume",
          subject:
            "\(directory): a quota of \(quota) bytes holds no page of \(pageSize) bytes with its checksums: raise it to"
            + " \(Int(Superblock.dataOffset) + unitsPerBlock * DiskLayout.unitSize) or more")
      }
      guard whole < Int(UInt32.max) else {
        throw PageStoreError(
          .capacityTooLarge, operation: "pageStore.volume",
          subject: "\(directory): a quota of \(quota) bytes is beyond 16 TiB: use more volumes")
      }
      return UInt32(whole)
    }
  }

  /// What the volume says of itself.
  let superblock: Superblock
  /// Where its bytes are.
  package let device: RingDevice
  /// Which pages it has.
  package let log: RocksPageLog
  /// What an operator should know.
  package let notices: [VolumeNotice]
  /// Units that the file had before; records of pages beyond are dropped.
  let restorableUnits: UInt32
  /// Keeps other daemons out until it is closed.
  private let directory: VolumeDirectory

  private init(
    _ pages: Pages, log: RocksPageLog, notices: [VolumeNotice],
    directory: VolumeDirectory
  ) {
    superblock = pages.superblock
    restorableUnits = pages.restorableUnits
    device = RingDevice(
      descriptor: pages.file.takeDescriptor(), size: pages.superblock.fileSize,
      isDirect: pages.file.isDirect)
    self.log = log
    self.notices = notices
    self.directory = directory
  }

  /// The identity of the volume.
  package var id: VolumeID { superblock.id }
  /// The volume's own directory.
  package var path: String { directory.path }

  /// Opens the volume in `options.directory`: makes, adopts, grows or shrinks it.
  ///
  /// - Throws: `capacityTooSmall`, `capacityTooLarge`; `volumeUnavailable` when the directory or file cannot be used or
  ///   there is no room; `volumeMismatch` when what is there is of another cluster, page size or format, or is no volume;
  ///   `volumeInUse`.
  package static func open(_ options: Options) throws(PageStoreError) -> VolumeFile {
    let unitCount = try options.unitCount()
    let directory = try VolumeDirectory(in: options.directory)
    var notices: [VolumeNotice] = []
    for name in try directory.foreignNames() {
      notices.append(.foreign(path: "\(directory.path)/\(name)"))
    }
    let pages = try openPages(in: directory, options, unitCount: unitCount, &notices)
    let log = try openLog("\(directory.path)/log", pages.superblock.id, &notices)
    let free = RocksPageLog.room(at: log.path)
    if free < RocksPageLog.roomWanted {
      notices.append(
        .noRoomForLog(
          path: directory.path, free: Int(clamping: free), needed: Int(RocksPageLog.roomWanted)))
    }
    return VolumeFile(pages, log: log, notices: notices, directory: directory)
  }

  /// A volume over these parts, not restored yet.
  ///
  /// - Throws: `memoryUnavailable`.
  package func makeVolume(
    slotCount: Int, tier: Tier, node: Int, number: UInt8, name: String = "",
    trailerMemory: Int = 8 << 20, health: VolumeHealth, now: @escaping @Sendable () -> UInt64
  ) throws(PageStoreError) -> DiskVolume {
    let unitsPerBlock = DiskLayout(pageSize: superblock.pageSize).unitsPerBlock
    var parts = DiskVolume.Parts(
      device: device, dataOffset: Superblock.dataOffset, log: log, id: superblock.id,
      pageSize: superblock.pageSize, blockCount: Int(superblock.unitCount) / unitsPerBlock,
      restorableUnits: restorableUnits, isClean: log.wasClosed, slotCount: slotCount, tier: tier,
      node: node, number: number, trailerMemory: trailerMemory, health: health, now: now)
    parts.name = name
    return try DiskVolume(parts)
  }

  /// Closes the log and the file and lets go of the directory; blocks.
  package func close() {
    log.close()
    device.close()
    directory.close()
  }

  private static func openLog(
    _ path: String, _ id: VolumeID, _ notices: inout [VolumeNotice]
  ) throws(PageStoreError) -> RocksPageLog {
    do {
      return try RocksPageLog(path: path, volume: id)
    } catch {
      guard error.code == .volumeLogDamaged || error.code == .volumeMismatch else { throw error }
      let (place, removed) = try RocksPageLog.moveAside(path)
      notices.append(
        .logMovedAside(path: path, movedTo: place, reason: error.subject))
      notices += removed.map { .oldLogRemoved(path: $0) }
      return try RocksPageLog(path: path, volume: id)
    }
  }
}
