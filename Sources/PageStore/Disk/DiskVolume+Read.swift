// Reading ranges of pages, verified or not.

import Glibc
import Synchronization

extension DiskVolume {
  /// Reads the units that `range` of `page` touches into `buffer`, and says where in it the bytes asked for lie; suspends.
  ///
  /// `buffer` is aligned to 4096 and holds those units: the whole page at most when it is at most 64 KiB and verified;
  /// `bufferSize` is always enough and saves a transfer at the end of a page. With `verify` the units read are compared with
  /// their checksums and those with the page's root.
  package func read(
    _ range: Range<Int>, of page: DiskPage, into buffer: UnsafeMutableRawBufferPointer, verify: Bool
  ) async -> DiskRead {
    precondition(page.length > 0 && page.length <= layout.pageSize, "a page has a length")
    precondition(
      Int(page.unit) + unitCount(page.length) <= Int(unitCount), "a page lies inside its volume")
    precondition(
      UInt(bitPattern: buffer.baseAddress) % UInt(DiskLayout.unitSize) == 0, "a buffer is aligned")
    let plan = DiskReadPlan(range, length: page.length, verify: verify, capacity: buffer.count)
    let start = now()
    let main = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<plan.main.count])
    let spare = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[plan.main.count...])
    let (end, isMatch) = await unsafe fetch(page, plan, main, spare: spare, verify: verify)
    let bytes = plan.main.count + (plan.trailer?.count ?? 0)
    finish(read: true, bytes: bytes, errno: end.errno, since: start)
    if let hold = end.hold { return .stuck(hold) }
    guard end.errno == 0 else { return .failed(errno: end.errno) }
    guard isMatch else {
      counters.corrupt.add(1, ordering: .relaxed)
      return .corrupt
    }
    let place = range.lowerBound - plan.main.lowerBound
    return .bytes(place..<place + range.count)
  }

  /// Reads what `plan` says, the trailer into `spare` when there is room; how it ended, and whether all of it matches.
  private func fetch(
    _ page: DiskPage, _ plan: DiskReadPlan, _ main: UnsafeMutableRawBufferPointer,
    spare: UnsafeMutableRawBufferPointer, verify: Bool
  ) async -> (end: DiskEnd, isMatch: Bool) {
    let run = offset(of: page.unit)
    guard let units = plan.trailer, let place = DiskLayout.trailer(page.length) else {
      let end = await unsafe fetch(main, at: run + Int64(plan.main.lowerBound))
      guard end.errno == 0, verify else { return (end, true) }
      return unsafe (end, matches(page, plan, main, trailer: main))
    }
    let isPooled = spare.count < units.count
    let room = unsafe isPooled ? buffers.take() : spare
    let tail = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<units.count])
    let sums = units.lowerBound
    let place0 = place.sums.lowerBound - sums..<place.sums.upperBound - sums
    let outcome = await unsafe fetch(page, plan, main, tail, sums: place0)
    if isPooled { unsafe giveBack(room, after: outcome.end.hold) }
    return outcome
  }

  /// Reads what `plan` says with its trailer into `tail`, in which the sums lie at `place`.
  private func fetch(
    _ page: DiskPage, _ plan: DiskReadPlan, _ main: UnsafeMutableRawBufferPointer,
    _ tail: UnsafeMutableRawBufferPointer, sums place: Range<Int>
  ) async -> (end: DiskEnd, isMatch: Bool) {
    let run = offset(of: page.unit)
    let sums = unsafe UnsafeMutableRawBufferPointer(rebasing: tail[place])
    if unsafe trailers.copy(page, to: sums) {
      let end = await unsafe fetch(main, at: run + Int64(plan.main.lowerBound))
      guard end.errno == 0 else { return (end, true) }
      return unsafe (end, matches(plan, main, sums: UnsafeRawBufferPointer(sums)))
    }
    let units = plan.trailer ?? plan.main
    let end = await unsafe fetch(main, plan.main, tail, units, at: run)
    guard end.errno == 0 else { return (end, true) }
    let isMatch = unsafe matches(page, plan, main, trailer: tail)
    if isMatch { unsafe trailers.insert(page, UnsafeRawBufferPointer(sums)) }
    return (end, isMatch)
  }

  /// Returns a lent buffer to the pool, when the device is done with it.
  func giveBack(_ buffer: UnsafeMutableRawBufferPointer, after hold: DeviceHold?) {
    guard let hold else { return unsafe buffers.giveBack(buffer) }
    hold.whenReturned { [buffers] in unsafe buffers.giveBack(buffer) }
  }

  /// True when what was read matches the page's root; `trailer` has the plan's trailer, or is `main` when that holds it.
  private func matches(
    _ page: DiskPage, _ plan: DiskReadPlan, _ main: UnsafeMutableRawBufferPointer,
    trailer: UnsafeMutableRawBufferPointer
  ) -> Bool {
    let seal = PageSeal(volume: id, key: page.key, length: page.length, unit: page.unit)
    let verified = unsafe UnsafeRawBufferPointer(rebasing: main[..<plan.verified.count])
    guard let place = DiskLayout.trailer(page.length) else {
      return unsafe seal.root(of: verified) == page.root
    }
    let start = (plan.trailer ?? plan.main).lowerBound
    let range = place.sums.lowerBound - start..<place.sums.upperBound - start
    let sums = unsafe UnsafeRawBufferPointer(rebasing: trailer[range])
    return unsafe seal.root(of: sums) == page.root && matches(plan, main, sums: sums)
  }

  /// True when the units that were read match the page's verified `sums`.
  private func matches(
    _ plan: DiskReadPlan, _ main: UnsafeMutableRawBufferPointer, sums: UnsafeRawBufferPointer
  ) -> Bool {
    let verified = unsafe UnsafeRawBufferPointer(rebasing: main[..<plan.verified.count])
    let first = plan.main.lowerBound / DiskLayout.unitSize
    return unsafe PageSeal.matches(verified, from: first, sums: sums)
  }

  /// Reads two ranges of a run at once.
  private func fetch(
    _ main: UnsafeMutableRawBufferPointer, _ mainRange: Range<Int>,
    _ tail: UnsafeMutableRawBufferPointer, _ tailRange: Range<Int>, at offset: Int64
  ) async -> DiskEnd {
    // SAFETY: nobody else touches the buffers until both transfers have ended, below.
    nonisolated(unsafe) let second = unsafe tail
    async let tailEnd = unsafe fetch(second, at: offset + Int64(tailRange.lowerBound))
    let end = await unsafe fetch(main, at: offset + Int64(mainRange.lowerBound))
    return end.and(await tailEnd)
  }

  /// Fills `bytes`, whole units, from `offset`.
  func fetch(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int64) async -> DiskEnd {
    var (done, idle) = (0, 0)
    while done < bytes.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
      let end = await unsafe read(into: rest, at: offset + Int64(done))
      counters.reads.add(1, ordering: .relaxed)
      let result = end.result
      if result < 0, result != -EINTR, result != -EAGAIN {
        return DiskEnd(errno: -result, hold: end.hold)
      }
      // The device ends before the page does.
      if result == 0 { return DiskEnd(errno: EIO) }
      counters.bytesRead.add(UInt64(max(0, result)), ordering: .relaxed)
      let moved = DiskVolume.wholeUnits(result, of: rest.count)
      done += moved
      idle = moved > 0 ? 0 : idle + 1
      if idle == DiskVolume.idleTransfersMax { return DiskEnd(errno: EIO) }
    }
    return DiskEnd()
  }
}
