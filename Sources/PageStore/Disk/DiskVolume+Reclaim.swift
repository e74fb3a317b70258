// Giving bad runs another chance. What was found wrong once may have been a cable, a controller, a bit flipped on the way:
// a run that takes two patterns and gives them back is used again.

import Glibc
import Synchronization

extension DiskVolume {
  /// Writes and reads back the bad run at `unit` through `buffer`, and frees it when it holds; suspends.
  ///
  /// Nobody else has the run, and what a test leaves there matches no page. Returns nil when the device does not answer, or
  /// the volume has another file by now.
  func retest(_ unit: UInt32, _ count: Int, through buffer: TransferBuffer) async -> Bool? {
    let bytes = count * DiskLayout.unitSize
    guard unsafe buffer.memory.count >= bytes, acceptsReads, beginTest(unit, count) else {
      return nil
    }
    defer { endTest() }
    for pattern in [now() | 1, ~(now() | 1)] {
      let run = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.memory[..<bytes])
      unsafe run.initializeMemory(as: UInt64.self, repeating: pattern)
      let written = await unsafe transfer(UnsafeRawBufferPointer(run), at: offset(of: unit))
      if let hold = written.hold {
        buffer.surrender(until: hold)
        return nil
      }
      guard written.errno == 0 else { return false }
      unsafe run.initializeMemory(as: UInt64.self, repeating: 0)
      let read = await unsafe fetch(run, at: offset(of: unit))
      if let hold = read.hold {
        buffer.surrender(until: hold)
        return nil
      }
      guard read.errno == 0,
        unsafe run.bindMemory(to: UInt64.self).allSatisfy({ $0 == pattern })
      else { return false }
    }
    forgive(unit, count)
    return true
  }
}

extension PageStore {
  /// Tests the bad runs of all disks and frees those that hold; `sleep` waits for a number of nanoseconds.
  ///
  /// Returns the bytes freed. A disk that does not answer is left.
  @discardableResult
  package func reclaimQuarantined(
    through buffer: TransferBuffer, _ sleep: (UInt64) async -> Void
  ) async -> Int {
    let bandwidth = core.options.scrubBandwidth
    var freed = 0
    for disk in core.disks {
      for (unit, count) in disk.badRuns {
        if core.tasks.isClosed.load(ordering: .relaxed) { return freed }
        guard await prepare(buffer, sleep) else { return freed }
        let start = core.options.clock()
        guard let isRight = await disk.retest(unit, count, through: buffer) else { break }
        let bytes = count * DiskLayout.unitSize
        if isRight { freed += bytes }
        await pace(4 * bytes, of: bandwidth > 0 ? bandwidth : 64 << 20, since: start, sleep)
      }
    }
    core.tasks.scrub.reclaimed.add(freed, ordering: .relaxed)
    if freed > 0 { core.tasks.room.happen() }
    return freed
  }
}
