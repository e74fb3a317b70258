// Asking a volume that is not healthy whether it works again: one block, which is no page's, is written and read back.
//
// The block is the last unit before those of the pages (docs/formats/volume.md); nothing ever reads it but this.

import Glibc

extension DiskVolume {
  /// Probes the device if its health asks for that now, and tells the health; suspends.
  ///
  /// `isPresent` says whether the volume is where it was configured: what is gone does not pass a probe, though a file that
  /// is still open may go on working.
  package func probeIfDue(isPresent: Bool) async {
    // A device that owes an answer does not work; it is asked again when it gave that.
    guard !transfers.isStuck, health.takeProbe(now: now()) else { return }
    let isRight = isPresent ? await probe() : false
    health.probed(ok: isRight, now: now())
  }

  /// Writes the block of the probe and reads it back; false when it does not come back as it went.
  func probe() async -> Bool {
    let buffer = unsafe buffers.take()
    let block = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<DiskLayout.unitSize])
    let (isRight, hold) = await unsafe probe(block)
    unsafe giveBack(buffer, after: hold)
    return isRight
  }

  private func probe(
    _ block: UnsafeMutableRawBufferPointer
  ) async -> (isRight: Bool, hold: DeviceHold?) {
    let place = offset(of: 0) - Int64(DiskLayout.unitSize)
    // A volume without a header has no block to spare: its first unit is read.
    guard place >= 0 else {
      let end = await unsafe read(into: block, at: offset(of: 0))
      return (end.result > 0, end.hold)
    }
    let stamp = now() | 1
    unsafe block.initializeMemory(as: UInt64.self, repeating: stamp)
    let written = await unsafe write(from: UnsafeRawBufferPointer(block), at: place)
    guard written.result == block.count else { return (false, written.hold) }
    unsafe block.initializeMemory(as: UInt64.self, repeating: 0)
    let read = await unsafe read(into: block, at: place)
    guard read.result == block.count else { return (false, read.hold) }
    return unsafe (block.bindMemory(to: UInt64.self).allSatisfy { $0 == stamp }, nil)
  }
}
