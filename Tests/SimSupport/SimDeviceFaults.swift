// What may go wrong with one simulated device, and how often. Swarm style: a seed turns some faults on and leaves others
// off, since a device on which everything fails at once shows less than one on which a single thing does.

/// The faults of a device; rates are per million operations.
package struct SimDeviceFaults: Sendable {
  /// Shortest and longest time of an operation in nanoseconds.
  package var latency = 20_000...200_000
  /// Operations that take a hundred times as long.
  package var stallRate = 0
  /// Transfers that stop early, at a multiple of 512 bytes.
  package var shortRate = 0
  /// Operations that fail with EIO and move nothing.
  package var errorRate = 0
  /// Writes that fail with ENOSPC.
  package var noSpaceRate = 0
  /// Writes that land in another place and are reported as done.
  package var misdirectedWriteRate = 0
  /// Reads that bring the bytes of another place.
  package var misdirectedReadRate = 0
  /// Writes that are reported as done and never happened.
  package var lostWriteRate = 0
  /// Transfers with one bit turned on the way.
  package var flipInTransferRate = 0
  /// Bits that turn on the medium, for each operation.
  package var flipAtRestRate = 0
  /// Bytes that a loss of power keeps or loses as one.
  package var sector = 4096

  /// A perfect device.
  package init() {}

  /// The faults of a swarm: each on with a chance of a third, at a rate drawn from 0.1 % to 10 %.
  package init(swarm random: inout SimRandom) {
    latency = random.pick([1_000...5_000, 20_000...200_000, 50_000...5_000_000])
    sector = random.pick([512, 4096])
    stallRate = SimDeviceFaults.rate(&random)
    shortRate = SimDeviceFaults.rate(&random)
    errorRate = SimDeviceFaults.rate(&random)
    noSpaceRate = SimDeviceFaults.rate(&random)
    misdirectedWriteRate = SimDeviceFaults.rate(&random)
    misdirectedReadRate = SimDeviceFaults.rate(&random)
    lostWriteRate = SimDeviceFaults.rate(&random)
    flipInTransferRate = SimDeviceFaults.rate(&random)
    flipAtRestRate = SimDeviceFaults.rate(&random)
  }

  private static func rate(_ random: inout SimRandom) -> Int {
    guard random.below(3) == 0 else { return 0 }
    return random.pick([1_000, 10_000, 100_000])
  }
}

extension SimDeviceFaults {
  /// Leaves delays and what a loss of power does: everything an honest device may do.
  mutating func becomeCalm() {
    let (latency, sector, stallRate) = (latency, sector, stallRate)
    self = SimDeviceFaults()
    (self.latency, self.sector, self.stallRate) = (latency, sector, stallRate)
  }

  /// Ends all faults.
  mutating func mend() {
    let sector = sector
    self = SimDeviceFaults()
    self.sector = sector
  }

  /// Leaves what never changes a byte that was taken.
  mutating func becomeHonest() {
    (misdirectedWriteRate, misdirectedReadRate, lostWriteRate) = (0, 0, 0)
    (flipInTransferRate, flipAtRestRate) = (0, 0)
  }

  /// True when bytes that were read right once may be read wrong later.
  var changesBytesLater: Bool {
    misdirectedWriteRate > 0 || misdirectedReadRate > 0 || flipInTransferRate > 0
      || flipAtRestRate > 0
  }
}
