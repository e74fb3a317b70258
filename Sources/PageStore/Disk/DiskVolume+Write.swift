// Writing pages: seal, fill the slack, write, and the trailer beside it when it has units of its own.

import Glibc
package import Model
import Synchronization

extension DiskVolume {
  /// Transfers that moved nothing in a row before a device counts as failed.
  static let idleTransfersMax = 16

  /// Seals `page` and writes it at `unit`, the first of a run that was taken for it; suspends.
  ///
  /// The memory behind the page up to the next multiple of 4096 belongs to it: it is zeroed, and the checksums are put
  /// there when they fit. A transfer that was short goes on where it stopped. `sums` are those of `PageSeal.sums(of:)`, when
  /// they are known.
  package func write(
    _ page: UnsafeMutableRawBufferPointer, key: PageKey, at unit: UInt32, sums: [UInt32] = []
  ) async -> DiskWrite {
    guard let base = page.baseAddress, page.count > 0 else {
      preconditionFailure("a page has bytes")
    }
    precondition(page.count <= layout.pageSize, "a page is not longer than the page size")
    precondition(UInt(bitPattern: base) % UInt(DiskLayout.unitSize) == 0, "a page is aligned")
    precondition(
      Int(unit) + unitCount(page.count) <= Int(unitCount), "a page lies inside its volume")
    let seal = PageSeal(volume: id, key: key, length: page.count, unit: unit)
    let dataEnd = DiskLayout.units(page.count) * DiskLayout.unitSize
    unsafe (base + page.count).initializeMemory(
      as: UInt8.self, repeating: 0, count: dataEnd - page.count)
    let data = unsafe UnsafeMutableRawBufferPointer(start: base, count: dataEnd)
    let start = now()
    let (root, end) = await unsafe write(page, data, seal, sums, at: offset(of: unit))
    let bytes = unitCount(page.count) * DiskLayout.unitSize
    finish(read: false, bytes: bytes, errno: end.errno, since: start)
    if let hold = end.hold { return .stuck(hold) }
    return end.errno == 0 ? .written(root: root) : .failed(errno: end.errno)
  }

  /// Seals and writes the units of `data` and the trailer; returns the root.
  private func write(
    _ page: UnsafeMutableRawBufferPointer, _ data: UnsafeMutableRawBufferPointer, _ seal: PageSeal,
    _ known: [UInt32], at offset: Int64
  ) async -> (root: UInt32, end: DiskEnd) {
    let bytes = UnsafeRawBufferPointer(page)
    guard let trailer = DiskLayout.trailer(page.count) else {
      let root = unsafe seal.root(of: bytes)
      return await unsafe (root, transfer(UnsafeRawBufferPointer(data), at: offset))
    }
    if trailer.sums.upperBound <= data.count {
      let sums = unsafe UnsafeMutableRawBufferPointer(rebasing: data[trailer.sums])
      let root = unsafe seal.seal(bytes, known: known, sums: sums)
      return await unsafe (root, transfer(UnsafeRawBufferPointer(data), at: offset))
    }
    let buffer = unsafe buffers.take()
    let units = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<trailer.units.count])
    let sums = unsafe UnsafeMutableRawBufferPointer(rebasing: units[..<trailer.sums.count])
    let root = unsafe seal.seal(bytes, known: known, sums: sums)
    unsafe UnsafeMutableRawBufferPointer(rebasing: units[trailer.sums.count...])
      .initializeMemory(as: UInt8.self, repeating: 0)
    // SAFETY: both buffers stay put and unchanged until both transfers have ended, below, or their hold has.
    nonisolated(unsafe) let (first, second) = unsafe (data, units)
    async let tail = unsafe transfer(
      UnsafeRawBufferPointer(second), at: offset + Int64(trailer.units.lowerBound))
    let end = await unsafe transfer(UnsafeRawBufferPointer(first), at: offset).and(await tail)
    unsafe giveBack(buffer, after: end.hold)
    return (root, end)
  }

  /// Writes all of `bytes`, whole units, at `offset`.
  func transfer(_ bytes: UnsafeRawBufferPointer, at offset: Int64) async -> DiskEnd {
    var (done, idle) = (0, 0)
    while done < bytes.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
      let end = await unsafe write(from: rest, at: offset + Int64(done))
      let result = end.result
      counters.writes.add(1, ordering: .relaxed)
      if result < 0, result != -EINTR, result != -EAGAIN {
        return DiskEnd(errno: -result, hold: end.hold)
      }
      counters.bytesWritten.add(UInt64(max(0, result)), ordering: .relaxed)
      let moved = DiskVolume.wholeUnits(result, of: rest.count)
      done += moved
      idle = moved > 0 ? 0 : idle + 1
      if idle == DiskVolume.idleTransfersMax { return DiskEnd(errno: result == 0 ? ENOSPC : EIO) }
    }
    return DiskEnd()
  }

  /// What a transfer of `count` bytes that ended with `result` moved, in whole units: the next one starts aligned.
  static func wholeUnits(_ result: Int32, of count: Int) -> Int {
    let moved = min(Int(max(0, result)), count)
    return moved / DiskLayout.unitSize * DiskLayout.unitSize
  }

  /// Counts the end of a page's I/O and tells the volume's health.
  func finish(read: Bool, bytes: Int, errno: Int32, since start: UInt64) {
    let end = now()
    guard errno != 0 else {
      let latency = end > start ? end - start : 0
      return health.succeeded(read: read, bytes: bytes, latency: latency, now: end)
    }
    if read {
      counters.readErrors.add(1, ordering: .relaxed)
    } else {
      counters.writeErrors.add(1, ordering: .relaxed)
    }
    health.failed(read: read, errno: errno, now: end)
  }
}
