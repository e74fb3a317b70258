// One disk through all lives of a simulation: its medium, its log, and the volume of the life that runs.

import PageStore

/// A disk of a simulated machine.
///
/// Confined to the thread of its simulation.
final class SimDisk {
  /// Bytes before the first unit, as a superblock would take.
  private static let dataOffset = 8192

  let number: Int
  let plan: SimPlan.Disk
  let media: SimMedia
  private let id: VolumeID
  /// Pages that the next life must find; nil when that cannot be told.
  var restorable: Int?
  /// Full pages that the volume of this life holds.
  private(set) var blocks: Int
  private(set) var image = SimPageLog.Image()
  /// Whether the log was closed after its last change.
  private var isClean = false
  private(set) var device: SimDevice?
  private(set) var log: SimPageLog?
  private(set) var volume: DiskVolume?

  init(_ number: Int, _ plan: SimPlan.Disk, pageSize: Int, seed: UInt64) {
    self.number = number
    self.plan = plan
    blocks = plan.blocks
    id = VolumeID(high: seed, low: UInt64(number))
    // A page's trailer takes a unit at most at these page sizes.
    media = SimMedia(size: SimDisk.dataOffset + plan.blocks * (pageSize + 4096))
  }

  /// Opens the disk for a life of `simulation`.
  func open(_ simulation: StoreSimulation, slotCount: Int) throws -> DiskVolume {
    let executor = simulation.executor
    if simulation.random.chance(simulation.plan.resizeRate) {
      blocks = 1 + simulation.random.below(plan.blocks)
      restorable = nil
    }
    let (device, log) = make(executor, &simulation.random)
    log.isDeaf = simulation.canary == .deafLog
    let volume = try DiskVolume(
      DiskVolume.Parts(
        device: device, dataOffset: Int64(SimDisk.dataOffset), log: log, id: id,
        pageSize: simulation.plan.pageSize, blockCount: blocks, isClean: isClean,
        slotCount: slotCount,
        tier: plan.tier, number: UInt8(number),
        health: VolumeHealth(options: simulation.plan.health, now: executor.now),
        now: { executor.now }))
    (self.device, self.log, self.volume) = (device, log, volume)
    return volume
  }

  private func make(
    _ executor: SimExecutor, _ random: inout SimRandom
  ) -> (SimDevice, SimPageLog) {
    let device = SimDevice(
      number, media: media, faults: plan.faults, executor: executor, random: random.fork())
    let log = SimPageLog(
      number, image, delay: plan.logDelay, executor: executor, random: random.fork())
    return (device, log)
  }

  /// Takes the disk out from under its volume, which loses what a loss of power would.
  func pull() {
    volume?.leave()
    restorable = nil
    crash()
  }

  /// Puts the disk back, as another device, under the volume that nobody uses any more.
  func putBack(_ executor: SimExecutor, _ random: inout SimRandom) throws {
    let (device, log) = make(executor, &random)
    try volume?.join(
      device: device, log: log, id: id, restorableUnits: .max, isClean: false)
    (self.device, self.log) = (device, log)
  }

  /// Loses power.
  func crash() {
    device?.crash()
    isClean = false
    if let log { image = log.crash() }
  }

  /// Keeps what a planned end left; the log is closed.
  func keep() {
    isClean = !(log?.isDoubted ?? false)
    if let log { image = log.closedImage }
  }

  /// Changes what the log remembers, between lives.
  func change(_ body: (inout SimPageLog.Image) -> Void) {
    restorable = nil
    isClean = false
    body(&image)
  }

  /// Forgets the life that ended.
  func leave() { (device, log, volume) = (nil, nil, nil) }
}
