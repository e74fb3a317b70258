import Glibc
import Model
import Testing

@testable import PageStore

@Suite("DiskVolume")
struct DiskVolumeTests {
  /// Lengths around every change of shape; 1 MiB pages have 256 units and sums of 1024 bytes.
  static let lengths = [
    1, 4095, 4096, 4097, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, (64 << 10) + 4096,
    (1 << 20) - 4096 - 1, (1 << 20) - 1024, (1 << 20) - 1023, (1 << 20) - 1, 1 << 20,
  ]

  @Test(
    "a page of any shape is read back, in whole and in every class of range", arguments: lengths)
  func roundTrip(length: Int) async throws {
    let test = try TestVolume()
    let page = try await test.write(key(1, 9), length: length)
    for (start, end) in DiskVolumeTests.cuts(length) {
      for verify in [true, false] {
        guard case .bytes(let place) = await test.read(start..<end, of: page, verify: verify) else {
          Issue.record("range \(start)..<\(end) of \(length) is not read")
          continue
        }
        #expect(test.holds(start..<end, of: page, at: place), "\(start)..<\(end) of \(length)")
      }
    }
  }

  /// Ranges that start and end at, before, behind and amid units.
  static func cuts(_ length: Int) -> [(Int, Int)] {
    let points = [0, 1, 4095, 4096, 4097, 8192, length / 2, length - 4097, length - 1, length]
    let places = Set(points.filter { $0 >= 0 && $0 <= length }).sorted()
    return places.flatMap { start in places.filter { $0 > start }.map { (start, $0) } }
  }

  @Test("sums taken when the page came make the same page on the device", arguments: lengths)
  func knownSums(length: Int) async throws {
    let test = try TestVolume()
    let page = try await test.write(key(1, 9), length: length)
    let size = test.volume.unitCount(length) * 4096
    let place = test.offset(of: page)
    let bytes = test.device.edit { Array($0[place..<place + size]) }
    test.volume.giveBack(page.unit, test.volume.unitCount(length), of: 1)
    let again = try await test.write(key(1, 9), length: length, knowsSums: true)
    #expect(again.unit == page.unit && again.root == page.root)
    #expect(test.device.edit { Array($0[place..<place + size]) } == bytes)
    #expect(await test.read(0..<length, of: again) == .bytes(0..<length))
  }

  @Test("a buffer of the page's units alone is enough for a verified read of the whole page")
  func tightBuffer() async throws {
    let test = try TestVolume()
    for length in DiskVolumeTests.lengths {
      let page = try await test.write(key(1), length: length)
      let capacity = DiskLayout.units(length) * 4096
      let outcome = await test.read(0..<length, of: page, capacity: capacity)
      #expect(outcome == .bytes(0..<length))
      #expect(test.holds(0..<length, of: page, at: 0..<length))
      #expect(unsafe test.buffer[capacity...].allSatisfy { $0 == 0xAA }, "no byte beyond it")
      test.volume.giveBack(page.unit, test.volume.unitCount(length), of: 1)
    }
  }

  @Test("the bytes behind a page in its last unit are zero on the device, but for its trailer")
  func slack() async throws {
    let test = try TestVolume()
    let page = try await test.write(key(1), length: 70_000)
    let offset = test.offset(of: page)
    let end = offset + 18 * 4096
    let bytes = test.device.edit { Array($0[offset..<end]) }
    #expect(bytes[70_000..<18 * 4096 - 72].allSatisfy { $0 == 0 })
    #expect(test.volume.unitCount(70_000) == 18)
  }

  @Test(
    "one flipped bit anywhere in the bytes or the trailer is corrupt",
    arguments: [1, 4097, 64 << 10, (64 << 10) + 1, 70_000, 1 << 20])
  func flippedBits(length: Int) async throws {
    let test = try TestVolume()
    let page = try await test.write(key(5), length: length)
    let sums = DiskLayout.trailer(length)?.sums ?? 0..<0
    let near = (0..<min(length, 64)).map { $0 } + (max(0, length - 64)..<length).map { $0 }
    let far = stride(from: 0, to: length, by: 4999).map { $0 }
    for byte in Set(near + far + Array(sums)) {
      let place = test.offset(of: page) + byte
      let bit = UInt8(1) << UInt8((byte &* 7) % 8)
      test.device.edit { $0[place] ^= bit }
      #expect(await test.read(0..<length, of: page) == .corrupt, "byte \(byte) of \(length)")
      test.device.edit { $0[place] ^= bit }
    }
    #expect(await test.read(0..<length, of: page) == .bytes(0..<length))
    #expect(test.volume.statistics.corrupt > 0)
  }

  @Test("a partial read sees rot in its own units and in the trailer, not elsewhere")
  func partialVerification() async throws {
    let test = try TestVolume()
    let page = try await test.write(key(5), length: 1 << 20)
    let start = test.offset(of: page)
    test.device.edit { $0[start + 50 * 4096 + 17] ^= 4 }
    #expect(await test.read(50 * 4096..<50 * 4096 + 1, of: page) == .corrupt)
    #expect(await test.read(0..<50 * 4096, of: page) == .bytes(0..<50 * 4096))
    #expect(
      await test.read(51 * 4096 + 5..<52 * 4096, of: page) == .bytes(5..<4096))
    let other = try await test.write(key(6), length: 1 << 20, slot: 2)
    let sum = test.offset(of: other) + (1 << 20) + 3
    test.device.edit { $0[sum] ^= 1 }
    #expect(await test.read(0..<1, of: other) == .corrupt, "the sum of unit 0 is another")
    #expect(await test.read(0..<1, of: other, verify: false) == .bytes(0..<1))
  }

  @Test("a page at the wrong place or with another name is corrupt", arguments: [4096, 1 << 20])
  func misdirected(length: Int) async throws {
    let test = try TestVolume()
    let first = try await test.write(key(1, 0), length: length, slot: 1)
    let second = try await test.write(key(1, 1), length: length, slot: 2)
    let count = test.volume.unitCount(length) * 4096
    let (from, to) = (test.offset(of: first), test.offset(of: second))
    test.device.edit { DiskVolumeTests.swap(&$0, from, to, count) }
    #expect(await test.read(0..<length, of: first) == .corrupt)
    #expect(await test.read(0..<length, of: second) == .corrupt)
    test.device.edit { DiskVolumeTests.swap(&$0, from, to, count) }
    #expect(await test.read(0..<length, of: first) == .bytes(0..<length))
    var wrong = first
    wrong.key = key(2, 0)
    #expect(await test.read(0..<length, of: wrong) == .corrupt, "another file or version")
    wrong = first
    wrong.key = key(1, 1)
    #expect(await test.read(0..<length, of: wrong) == .corrupt, "another page")
    wrong = first
    wrong.length -= 1
    #expect(await test.read(0..<length - 1, of: wrong) == .corrupt, "another length")
    test.device.edit { $0.replaceSubrange(to..<to + count, with: $0[from..<from + count]) }
    wrong = first
    wrong.unit = second.unit
    #expect(await test.read(0..<length, of: wrong) == .corrupt, "its own bytes, another place")
    wrong = first
    wrong.root ^= 1
    #expect(await test.read(0..<length, of: wrong) == .corrupt)
  }

  private static func swap(_ bytes: inout [UInt8], _ left: Int, _ right: Int, _ count: Int) {
    let first = bytes[left..<left + count]
    bytes.replaceSubrange(left..<left + count, with: bytes[right..<right + count])
    bytes.replaceSubrange(right..<right + count, with: first)
  }

  @Test("short and interrupted transfers go on until the page is moved")
  func shortTransfers() async throws {
    let test = try TestVolume()
    for limit in [4096, 4096 + 512, 12_288 + 1024, 100_000] {
      test.device.limitTransfers(limit)
      test.device.interrupt(3)
      let page = try await test.write(key(7), length: 1 << 20)
      test.device.interrupt(3)
      #expect(await test.read(0..<1 << 20, of: page) == .bytes(0..<1 << 20))
      #expect(test.holds(0..<1 << 20, of: page, at: 0..<1 << 20))
      test.volume.giveBack(page.unit, 257, of: 1)
    }
  }

  @Test("a device that fails, moves nothing or ends too early is a failure")
  func failures() async throws {
    let test = try TestVolume()
    let page = try await test.write(key(7), length: 100_000)
    test.device.limitTransfers(512)
    #expect(await test.read(0..<10, of: page) == .failed(errno: EIO))
    test.device.limitTransfers(.max)
    test.device.fail(EIO)
    #expect(await test.read(0..<10, of: page) == .failed(errno: EIO))
    let bytes = UnsafeMutableRawBufferPointer(rebasing: test.page[..<100_000])
    #expect(await test.volume.write(bytes, key: key(7), at: page.unit) == .failed(errno: EIO))
    test.device.fail(0)
    let end = test.offset(of: page) + 4096
    test.device.edit { $0.removeSubrange(end...) }
    #expect(await test.read(0..<5000, of: page) == .failed(errno: EIO))
    #expect(await test.volume.write(bytes, key: key(7), at: page.unit) == .failed(errno: ENOSPC))
    #expect(test.volume.statistics.readErrors == 3)
    #expect(test.volume.statistics.writeErrors == 2)
  }

  @Test("one transfer where bytes and trailer are near, two where they are not")
  func transfers() async throws {
    let test = try TestVolume()
    let page = try await test.write(key(1), length: 1 << 20)
    let start = test.offset(of: page)
    #expect(test.device.takeLog().count == 2)
    _ = await test.read(0..<1 << 20, of: page)
    #expect(test.device.takeLog().map(\.range) == [start..<start + 257 * 4096])
    _ = await test.read(250 * 4096..<252 * 4096, of: page)
    #expect(test.device.takeLog().map(\.range) == [start + 250 * 4096..<start + 257 * 4096])
    _ = await test.read(4096..<4097, of: page)
    let ranges = Set(test.device.takeLog().map(\.range))
    let trailer = start + 256 * 4096..<start + 257 * 4096
    #expect(ranges == [start + 4096..<start + 8192, trailer])
    _ = await test.read(8192..<8193, of: page)
    let second = [start + 8192..<start + 12_288]
    #expect(test.device.takeLog().map(\.range) == second, "its trailer is in memory")
    _ = await test.read(4096..<4097, of: page, verify: false)
    #expect(test.device.takeLog().map(\.range) == [start + 4096..<start + 8192])
    let values = test.volume.statistics
    #expect(values.bytesWritten == 257 * 4096)
    #expect(values.bytesRead == UInt64((257 + 7 + 2 + 1 + 1) * 4096))
    #expect(values.reads == 6 && values.writes == 2)
  }

  @Test("checksums in memory are not those of the next page at the same place")
  func trailersInMemory() async throws {
    let test = try TestVolume(blockCount: 1)
    for number in 1...3 {
      let page = try await test.write(key(number), length: 1 << 20)
      for unit in [5, 9, 5] {
        let range = unit * 4096 + 1..<unit * 4096 + 9
        let outcome = await test.read(range, of: page)
        #expect(outcome == .bytes(1..<9))
        #expect(test.holds(range, of: page, at: 1..<9))
      }
      let place = test.offset(of: page) + 5 * 4096 + 2
      test.device.edit { $0[place] ^= 1 }
      #expect(await test.read(5 * 4096..<5 * 4096 + 1, of: page) == .corrupt)
      var older = page
      older.root ^= 1
      #expect(await test.read(9 * 4096..<9 * 4096 + 1, of: older) == .corrupt)
      test.volume.giveBack(page.unit, 257, of: 1)
    }
  }

  @Test("a page that is given back leaves the log before its units are free")
  func givesBack() async throws {
    let test = try TestVolume()
    let page = try await test.write(key(1), length: 4096)
    let record = StoredPage(
      unit: page.unit, key: page.key, length: 4096, root: page.root,
      sequence: test.volume.nextSequence(), filledAt: 5)
    test.volume.record(record)
    #expect(test.volume.used == 4096)
    test.volume.giveBack(page.unit, 1, of: 1)
    #expect(test.log.changes == [.put(record), .remove(page.unit)])
    #expect(test.volume.used == 0)
  }

  @Test("a quarantined run stays taken and is recorded so")
  func quarantine() async throws {
    let test = try TestVolume(blockCount: 1)
    let page = try await test.write(key(1), length: 1 << 20)
    test.volume.quarantine(unit: page.unit, length: 1 << 20, of: 1)
    #expect(test.volume.quarantinedBytes == 257 * 4096)
    #expect(test.volume.used == 257 * 4096)
    #expect(test.volume.take(1, for: 2) == nil)
    #expect(test.log.changes == [.remove(0), .quarantine(0, 257)])
  }

  @Test("pages of 64 KiB have no trailer, larger ones less than half a percent and a unit")
  func geometry() {
    for shift in 16...24 {
      let layout = DiskLayout(pageSize: 1 << shift)
      let units = (1 << shift) / 4096
      #expect(layout.unitsPerBlock == (shift == 16 ? units : units + (units * 4 + 4095) / 4096))
      #expect(DiskLayout.unitCount(1 << shift) == layout.unitsPerBlock)
      for length in [1, 65_536, 65_537, (1 << shift) - 1, (1 << shift) - 4095]
      where length <= 1 << shift {
        #expect(DiskLayout.unitCount(length) <= layout.unitsPerBlock)
        if let sums = DiskLayout.trailer(length)?.sums {
          #expect(sums.lowerBound >= length)
          #expect(sums.count == DiskLayout.units(length) * 4)
        }
      }
    }
  }
}
