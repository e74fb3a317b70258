import Model
import Testing

@testable import PageStore

@Suite("DiskVolume+Restore")
struct DiskVolumeRestoreTests {
  private func record(
    _ unit: UInt32, _ length: Int, sequence: UInt64, file: Int = 1
  ) -> StoredPage {
    StoredPage(
      unit: unit, key: key(file, unit), length: length, root: 7, sequence: sequence, filledAt: 0)
  }

  @Test("pages of the log are offered in order of units, and their runs are taken")
  func restore() throws {
    let pages = [
      record(0, 1 << 20, sequence: 3), record(257, 4096, sequence: 9),
      record(258, 8192, sequence: 4), record(520, 70_000, sequence: 5),
    ]
    let test = try TestVolume(log: MemoryLog(pages, bad: [(700, 3)]), isRestored: false)
    #expect(test.volume.ready == 0)
    #expect(test.volume.take(1, for: 1) == nil)
    var seen: [StoredPage] = []
    let result = test.volume.restore { page in
      #expect(test.volume.take(1, for: 9) == nil, "nothing is taken before all is known")
      seen.append(page)
      return UInt32(seen.count)
    }
    #expect(seen == pages)
    #expect(result == DiskVolume.Restoration(pages: 4, dropped: 0, failure: nil))
    #expect(test.volume.ready == test.volume.quota)
    #expect(test.volume.used == (257 + 1 + 2 + 18 + 3) * 4096)
    #expect(test.volume.quarantinedBytes == 3 * 4096)
    #expect(test.volume.nextSequence() == 10)
    #expect(test.log.changes == [])
    for (slot, page) in pages.enumerated() {
      test.volume.giveBack(page.unit, test.volume.unitCount(page.length), of: UInt32(slot + 1))
    }
    #expect(test.volume.used == 3 * 4096)
    #expect(test.volume.summarize().violations == [])
  }

  @Test("a sequence near the end of numbers is no record, and leaves room for those to come")
  func sequences() throws {
    let pages = [record(0, 4096, sequence: 1 << 63), record(1, 4096, sequence: (1 << 63) - 1)]
    let test = try TestVolume(log: MemoryLog(pages), isRestored: false)
    var slot: UInt32 = 0
    let result = test.volume.restore { _ in
      slot += 1
      return slot
    }
    #expect(result.pages == 1 && result.dropped == 1)
    #expect(test.volume.nextSequence() == 1 << 63)
  }

  @Test(
    "a page found wrong while it is taken over is retired if the log was whole",
    arguments: [true, false])
  func badWhileAdopted(isClean: Bool) throws {
    let test = try TestVolume(
      log: MemoryLog([record(0, 4096, sequence: 1)]), isClean: isClean, isRestored: false)
    test.volume.restore { page in
      test.volume.quarantine(unit: page.unit, length: page.length, of: 5)
      return 5
    }
    #expect(test.volume.quarantinedBytes == (isClean ? 4096 : 0))
    #expect(test.volume.used == (isClean ? 4096 : 0))
    #expect(test.log.changes.contains(.quarantine(0, 1)) == isClean)
    #expect(test.volume.summarize().violations == [])
  }

  @Test("records that are refused, impossible or out of range are dropped from the log")
  func drops() throws {
    let pages = [
      record(0, 4096, sequence: 1), record(5, 0, sequence: 2), record(6, -4, sequence: 2),
      record(7, (1 << 20) + 1, sequence: 2), record(8, .max, sequence: 2),
      record(200, 1 << 20, sequence: 3), record(300, 4096, sequence: 4),
      record(600, 4096, sequence: 5), record(4 * 257, 4096, sequence: 5),
      record(.max, 4096, sequence: .max),
    ]
    let test = try TestVolume(log: MemoryLog(pages), restorableUnits: 512, isRestored: false)
    var slot: UInt32 = 0
    let result = test.volume.restore { page in
      if page.unit == 0 { return nil }
      slot += 1
      return slot
    }
    #expect(result.pages == 1)
    #expect(result.dropped == 9)
    let removed = test.log.changes.map { change -> UInt32 in
      if case .remove(let unit) = change { unit } else { 1 << 31 }
    }
    #expect(Set(removed) == Set(pages.map(\.unit).filter { $0 != 300 }))
    #expect(test.volume.used == 4096)
    #expect(test.volume.nextSequence() == 5, "what is no record has no say")
  }

  @Test("of pages that claim one unit the newest stays, and what an older one wrote over goes")
  func conflicts() throws {
    // 2 wrote over 1; 3 wrote over 2: neither of the older two is whole.
    let pages = [
      record(10, 4096 * 4, sequence: 1), record(13, 4096 * 4, sequence: 2),
      record(16, 4096 * 4, sequence: 3), record(20, 4096, sequence: 1),
    ]
    let test = try TestVolume(log: MemoryLog(pages), isRestored: false)
    var seen: [UInt32] = []
    test.volume.restore { page in
      seen.append(page.unit)
      return UInt32(seen.count)
    }
    #expect(seen == [16, 20])
    #expect(Set(test.log.changes.map { "\($0)" }) == ["remove(10)", "remove(13)"])
  }

  @Test("a page over a quarantined run is not offered")
  func overQuarantined() throws {
    let log = MemoryLog(
      [record(0, 8192, sequence: 1)], bad: [(1, 1), (.max, 3), (0, -1), (5, 900)])
    let test = try TestVolume(log: log, isRestored: false)
    test.volume.restore { _ in
      Issue.record("offered")
      return 1
    }
    #expect(test.volume.used == 4096)
    #expect(test.volume.quarantinedBytes == 4096)
  }

  @Test("a page that leaves the store while it is taken over leaves the volume too")
  func givenBackMeanwhile() throws {
    for isCorrupt in [true, false] {
      let pages = [record(0, 1 << 20, sequence: 1), record(257, 4096, sequence: 2)]
      let test = try TestVolume(log: MemoryLog(pages), isClean: !isCorrupt, isRestored: false)
      test.volume.restore { page in
        // Of a crash's page nobody can say that the medium is bad.
        if isCorrupt {
          test.volume.quarantine(unit: page.unit, length: page.length, of: 5)
        } else {
          test.volume.giveBack(page.unit, test.volume.unitCount(page.length), of: 5)
        }
        return 5
      }
      #expect(test.volume.used == 0)
      #expect(test.volume.summarize().violations == [])
      #expect(test.volume.take(257, for: 1) == 0)
    }
  }

  @Test("a log that cannot be read to its end leaves the pages read so far and an open volume")
  func damagedLog() throws {
    let failure = PageStoreError(.volumeLogDamaged, operation: "test")
    let log = MemoryLog([record(0, 4096, sequence: 1)], failure: failure)
    let test = try TestVolume(log: log, isRestored: false)
    let result = test.volume.restore { _ in 1 }
    #expect(result == DiskVolume.Restoration(pages: 1, dropped: 0, failure: failure))
    #expect(test.volume.ready == test.volume.quota)
  }
}
