// Disk volumes on devices in memory, and pages to write on them.

import Glibc
import Model
import PageStore
import Testing

@testable import PageStore

/// A volume, what it stands on, and memory for one page.
@safe final class TestVolume: @unchecked Sendable {
  let device: MemoryDevice
  let log: MemoryLog
  let volume: DiskVolume
  let pageSize: Int
  // SAFETY: one test uses it, one step at a time.
  let page: UnsafeMutableRawBufferPointer
  let buffer: UnsafeMutableRawBufferPointer
  static let id = VolumeID(high: 0x0123_4567_89AB_CDEF, low: 42)

  init(
    pageSize: Int = 1 << 20, blockCount: Int = 4, slotCount: Int = 4096,
    log: MemoryLog = MemoryLog(), restorableUnits: UInt32 = .max, isClean: Bool = false,
    isRestored: Bool = true
  ) throws {
    let layout = DiskLayout(pageSize: pageSize)
    device = MemoryDevice(size: 4096 + blockCount * layout.unitsPerBlock * 4096)
    self.log = log
    self.pageSize = pageSize
    volume = try DiskVolume(
      DiskVolume.Parts(
        device: device, dataOffset: 4096, log: log, id: TestVolume.id, pageSize: pageSize,
        blockCount: blockCount, restorableUnits: restorableUnits, isClean: isClean,
        slotCount: slotCount,
        number: 3, health: VolumeHealth(now: 0), now: { 0 }))
    unsafe page = .allocate(byteCount: pageSize, alignment: 4096)
    unsafe buffer = .allocate(
      byteCount: DiskVolume.bufferSize(pageSize: pageSize), alignment: 4096)
    if isRestored { volume.restore { _ in nil } }
  }

  deinit {
    unsafe page.deallocate()
    unsafe buffer.deallocate()
  }

  /// Fills `buffer` with bytes that are those of `key` and repeat at no multiple of a unit.
  static func fill(_ buffer: UnsafeMutableRawBufferPointer, _ key: PageKey) {
    let period = 3 * 4096 + 251
    let seed = pattern(key)
    for index in 0..<min(period, buffer.count) {
      buffer[index] = UInt8(truncatingIfNeeded: (seed >> 8 &+ UInt64(index)) &* 0x9E37 >> 7)
    }
    guard let base = buffer.baseAddress else { return }
    for start in stride(from: period, to: buffer.count, by: period) {
      memcpy(base + start, base, min(period, buffer.count - start))
    }
  }

  /// Writes the page `key` of `length` bytes where the volume has room, its units' sums taken before if they are to be known.
  func write(
    _ key: PageKey, length: Int, slot: UInt32 = 1, knowsSums: Bool = false
  ) async throws -> DiskPage {
    let unit = try #require(volume.take(volume.unitCount(length), for: slot))
    let bytes = UnsafeMutableRawBufferPointer(rebasing: page[..<length])
    TestVolume.fill(bytes, key)
    let sums = knowsSums ? PageSeal.sums(of: UnsafeRawBufferPointer(bytes)) : []
    let outcome = await volume.write(bytes, key: key, at: unit, sums: sums)
    guard case .written(let root) = outcome else { throw Missing(key: key) }
    return DiskPage(key: key, length: length, unit: unit, root: root)
  }

  /// Reads `range` of `page`; true when the bytes are those written.
  func read(_ range: Range<Int>, of page: DiskPage, verify: Bool = true, capacity: Int? = nil)
    async -> DiskRead
  {
    unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0xAA)
    let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(capacity ?? buffer.count)])
    return await volume.read(range, of: page, into: room, verify: verify)
  }

  /// True when `place` of the buffer has the bytes of `range` of `page`.
  func holds(_ range: Range<Int>, of page: DiskPage, at place: Range<Int>) -> Bool {
    guard place.count == range.count else { return false }
    let right = UnsafeMutableRawBufferPointer.allocate(byteCount: page.length, alignment: 16)
    defer { right.deallocate() }
    TestVolume.fill(right, page.key)
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[place])
    guard let found = bytes.baseAddress, let base = right.baseAddress else { return false }
    return memcmp(base + range.lowerBound, found, range.count) == 0
  }

  /// Where the first byte of `page` lies on the device.
  func offset(of page: DiskPage) -> Int { Int(volume.offset(of: page.unit)) }
}
