// What must hold between operations, checked as a whole: for tests and simulation, O(pages + units).

import Model
import Synchronization

extension PageStore {
  /// The invariants that do not hold, each a sentence; empty when all is well.
  ///
  /// Call it while no other thread uses the store and no fill is being decided; leases and fills may be open.
  package func checkInvariants() -> [String] {
    var audit = Audit(core)
    for number in 0..<PageIndex.stripeCount { audit.inspectStripe(number) }
    audit.inspectVolumes()
    audit.inspectFiles()
    return audit.violations
  }

  /// One pass over a store.
  @safe private struct Audit {
    private let core: StoreCore
    private(set) var violations: [String] = []
    private var owners: [[Bool]]
    private var bytes: [FileKey: Int64] = [:]
    private var pages: [FileKey: UInt32] = [:]
    private var fills: [FileKey: UInt32] = [:]

    init(_ core: StoreCore) {
      self.core = core
      owners = core.volumes.map { Array(repeating: false, count: $0.units.count) }
    }

    private mutating func expect(_ holds: Bool, _ sentence: @autoclosure () -> String) {
      if !holds { violations.append(sentence()) }
    }

    // MARK: Index

    mutating func inspectStripe(_ number: Int) {
      let stripe = core.index.stripe(number)
      stripe.lock()
      defer { stripe.unlock() }
      let counters = unsafe stripe.state.pointee.counters
      var (resident, filling, doomed, free) = (Int64(0), Int64(0), Int64(0), UInt32(0))
      var residentBytes: Int64 = 0
      for local in unsafe 1..<max(1, stripe.state.pointee.fresh) {
        let entry = unsafe stripe.entry(local)
        let word = unsafe entry.pointee.current
        if word.isFilling {
          filling += 1
          expect(word.pins == 1, "a filling page has \(word.pins) pins")
        } else if word.isResident {
          resident += 1
          residentBytes += Int64(word.length)
          expect(!word.isDoomed, "a page is resident and doomed")
        } else if word.isDoomed {
          doomed += 1
          expect(word.pins > 0, "a doomed page that nobody holds is still here")
        } else {
          free += 1
          continue
        }
        unsafe inspectEntry(entry, word, stripe)
      }
      expect(resident == counters.resident, "stripe \(number) counts resident pages wrong")
      expect(residentBytes == counters.residentBytes, "stripe \(number) counts bytes wrong")
      expect(filling == counters.filling, "stripe \(number) counts fills wrong")
      expect(doomed == counters.doomed, "stripe \(number) counts doomed pages wrong")
      unsafe expect(
        Int64(stripe.state.pointee.indexed) == resident + filling,
        "stripe \(number) has \(stripe.state.pointee.indexed) entries in its hash table")
      expect(free == freeCount(stripe), "stripe \(number) lost free entries")
      inspectList(stripe, number, resident)
    }

    private mutating func inspectEntry(
      _ entry: UnsafeMutablePointer<PageEntry>, _ word: PageWord, _ stripe: IndexStripe
    ) {
      let file = unsafe FileKey(high: entry.pointee.high, low: entry.pointee.low)
      let key = unsafe PageKey(file: file, index: entry.pointee.index)
      let found = unsafe stripe.find(key, core.index.hash(key))
      let isIndexed = word.isResident || word.isFilling
      unsafe expect((found == entry) == isIndexed, "a page's state and the hash table disagree")
      if word.isResident {
        pages[file, default: 0] += 1
        bytes[file, default: 0] += Int64(word.length)
      }
      if word.isFilling { fills[file, default: 0] += 1 }
      unsafe claim(entry.pointee.unit, core.unitCount(word.length))
    }

    private mutating func claim(_ unit: UInt32, _ count: Int) {
      guard let place = core.volumes.firstIndex(where: { $0.units.contains(unit) }) else {
        return expect(false, "a page has no place")
      }
      let first = Int(unit - core.volumes[place].units.lowerBound)
      let perBlock = core.pageSize / RunAllocator.unitSize
      expect(
        first / perBlock == (first + count - 1) / perBlock, "a page lies across two blocks")
      for offset in first..<first + count {
        expect(!owners[place][offset], "two pages share unit \(offset)")
        owners[place][offset] = true
      }
    }

    private func freeCount(_ stripe: IndexStripe) -> UInt32 {
      var count: UInt32 = 0
      var local = unsafe stripe.state.pointee.free
      while local != 0 {
        count += 1
        local = unsafe stripe.entry(local).pointee.chain
      }
      return count
    }

    private mutating func inspectList(_ stripe: IndexStripe, _ number: Int, _ resident: Int64) {
      var (count, newer) = (Int64(0), UInt32(0))
      var local = unsafe stripe.state.pointee.newest
      while local != 0, count <= resident {
        let entry = unsafe stripe.entry(local)
        unsafe expect(entry.pointee.newer == newer, "stripe \(number) has a broken LRU link")
        unsafe expect(entry.pointee.current.isResident, "a page in the LRU list is not resident")
        count += 1
        newer = local
        local = unsafe entry.pointee.older
      }
      expect(count == resident, "stripe \(number) has \(count) of \(resident) pages in its list")
      unsafe expect(stripe.state.pointee.oldest == newer, "stripe \(number) lost its oldest page")
      let stamp = unsafe stripe.state.pointee.oldestStamp.pointee.load(ordering: .relaxed)
      let expected = unsafe stripe.oldest.map { unsafe $0.pointee.stamp } ?? IndexStripe.noStamp
      expect(stamp == expected, "stripe \(number) publishes a wrong stamp")
    }

    // MARK: Volumes and files

    mutating func inspectVolumes() {
      for (place, volume) in core.volumes.enumerated() {
        let summary = volume.summarize()
        violations += summary.violations
        let claimed = owners[place].count { $0 } * RunAllocator.unitSize
        expect(volume.used == claimed, "used \(volume.used) is not the pages' \(claimed)")
        expect(volume.used <= volume.quota, "used \(volume.used) exceeds \(volume.quota)")
        expect(volume.ready <= volume.quota, "more is ready than the quota")
      }
    }

    mutating func inspectFiles() {
      let records = core.files.all()
      expect(
        Set(records.map(\.key)) == Set(pages.keys).union(fills.keys), "the file list is wrong")
      expect(records.count == core.files.count, "the file count is wrong")
      for record in records {
        expect(record.pages == pages[record.key] ?? 0, "a file's page count is wrong")
        expect(record.bytes == bytes[record.key] ?? 0, "a file's byte count is wrong")
        expect(record.fills == fills[record.key] ?? 0, "a file's fill count is wrong")
      }
    }
  }
}
