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
    private var copies: [Int]
    private var bytes: [FileKey: Int64] = [:]
    private var pages: [FileKey: UInt32] = [:]
    private var fills: [FileKey: UInt32] = [:]

    init(_ core: StoreCore) {
      self.core = core
      owners = core.volumes.map { Array(repeating: false, count: Int($0.unitCount)) }
      copies = Array(repeating: 0, count: core.volumes.count)
    }

    private mutating func expect(_ holds: Bool, _ sentence: @autoclosure () -> String) {
      if !holds { violations.append(sentence()) }
    }

    // MARK: Index

    /// What the entries of one stripe are.
    private struct Census {
      var (resident, behind, filling, moving, doomed) = (0, 0, 0, 0, 0)
      var residentBytes = 0
      var free: UInt32 = 0
      /// Pages in each lane.
      var lanes: [Int: Int] = [:]
    }

    mutating func inspectStripe(_ number: Int) {
      let stripe = core.index.stripe(number)
      stripe.lock()
      defer { stripe.unlock() }
      var census = Census()
      for local in unsafe 1..<max(1, stripe.state.pointee.fresh) {
        unsafe inspectEntry(stripe.entry(local), stripe, &census)
      }
      compare(census, stripe, number)
      for lane in 0..<core.index.laneCount {
        inspectLane(lane, stripe, number, census.lanes[lane] ?? 0)
      }
    }

    private mutating func compare(_ census: Census, _ stripe: IndexStripe, _ number: Int) {
      let counters = unsafe stripe.state.pointee.counters
      expect(
        census.resident == Int(counters.resident), "stripe \(number) counts resident pages wrong")
      expect(
        census.residentBytes == Int(counters.residentBytes), "stripe \(number) counts bytes wrong")
      expect(census.behind == Int(counters.behind), "stripe \(number) counts copies wrong")
      expect(census.filling == Int(counters.filling), "stripe \(number) counts fills wrong")
      expect(census.moving == Int(counters.moving), "stripe \(number) counts moves wrong")
      expect(census.doomed == Int(counters.doomed), "stripe \(number) counts doomed pages wrong")
      unsafe expect(
        Int(stripe.state.pointee.indexed) == census.resident + census.filling,
        "stripe \(number) has \(stripe.state.pointee.indexed) entries in its hash table")
      expect(census.free == freeCount(stripe), "stripe \(number) lost free entries")
    }

    private mutating func inspectEntry(
      _ entry: UnsafeMutablePointer<PageEntry>, _ stripe: IndexStripe, _ census: inout Census
    ) {
      let (word, flags) = unsafe (entry.pointee.current, entry.pointee.flags)
      let isBehind = unsafe !core.isMemory(entry) && flags.contains(.behind)
      let isMoving = word.isFilling && flags.contains(.moving)
      let isListed = unsafe entry.pointee.lane != PageEntry.noLane
      let file = unsafe entry.pointee.file
      if isMoving {
        census.moving += 1
        expect(word.pins == 1, "a copy being made has \(word.pins) pins")
      } else if word.isFilling {
        census.filling += 1
        let viewers = unsafe core.viewers(of: entry)
        expect(word.pins == 1 + viewers, "a filling page has \(word.pins) pins, \(viewers) look")
        fills[file, default: 0] += 1
      } else if word.isResident {
        expect(!word.isDoomed, "a page is resident and doomed")
        unsafe inspectResident(entry, word, isBehind: isBehind, isListed: isListed, &census)
      } else if word.isDoomed {
        census.doomed += 1
        expect(word.pins > 0, "a doomed page that nobody holds is still here")
        expect(!isListed, "a doomed page is in a lane")
      } else {
        census.free += 1
        expect(word.pins == 0, "a free entry has \(word.pins) pins")
        return
      }
      let found = unsafe stripe.find(entry.pointee.key, core.index.hash(entry.pointee.key))
      let isIndexed = (word.isResident && !isBehind) || (word.isFilling && !isMoving)
      unsafe expect((found == entry) == isIndexed, "a page's state and the hash table disagree")
      if isBehind, let front = unsafe found {
        unsafe expect(
          front.pointee.aux == core.index.slot(of: entry), "a copy's front does not know it")
      }
      unsafe claim(entry, word.length, mayLackPlace: word.isFilling || word.isDoomed)
    }

    private mutating func inspectResident(
      _ entry: UnsafeMutablePointer<PageEntry>, _ word: PageWord, isBehind: Bool, isListed: Bool,
      _ census: inout Census
    ) {
      let (flags, isMemory) = unsafe (entry.pointee.flags, core.isMemory(entry))
      unsafe copies[Int(entry.pointee.volume)] += 1
      if isBehind {
        census.behind += 1
      } else {
        census.resident += 1
        census.residentBytes += word.length
        unsafe pages[entry.pointee.file, default: 0] += 1
        unsafe bytes[entry.pointee.file, default: 0] += Int64(word.length)
      }
      let isHeldDown = unsafe flags.contains(.pinned) && !(isMemory && entry.pointee.aux != 0)
      let isUnsaved = isMemory && flags.contains(.unsaved)
      expect(isListed == !(isHeldDown || isUnsaved), "a page is in a lane and must not, or is not")
      if isListed {
        unsafe census.lanes[Int(entry.pointee.lane), default: 0] += 1
        let first = unsafe Int(core.lane(0, of: entry))
        let lane = unsafe Int(entry.pointee.lane)
        expect(
          (first..<first + core.policy.laneCount).contains(lane), "a page is in a wrong lane")
      }
    }

    private mutating func claim(
      _ entry: UnsafeMutablePointer<PageEntry>, _ length: Int, mayLackPlace: Bool
    ) {
      let (unit, place) = unsafe (entry.pointee.unit, Int(entry.pointee.volume))
      if unit == PageEntry.noUnit {
        return expect(mayLackPlace, "a page has no place")
      }
      let volume = core.volumes[place]
      let first = Int(unit)
      let end = first + volume.unitCount(length)
      guard end <= owners[place].count else {
        return expect(false, "a page lies outside its volume")
      }
      expect(
        volume.block(of: unit) == volume.block(of: UInt32(end - 1)),
        "a page lies across two blocks")
      for offset in first..<end {
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

    private mutating func inspectLane(
      _ lane: Int, _ stripe: IndexStripe, _ number: Int, _ listed: Int
    ) {
      var (count, newer) = (0, UInt32(0))
      let head = unsafe stripe.state.pointee.lanes[lane]
      var local = head.newest
      while local != 0, count <= listed {
        let entry = unsafe stripe.entry(local)
        unsafe expect(entry.pointee.newer == newer, "stripe \(number) has a broken link")
        unsafe expect(entry.pointee.current.isResident, "a page in a lane is not resident")
        count += 1
        newer = local
        local = unsafe entry.pointee.older
      }
      expect(count == listed, "stripe \(number) has \(count) of \(listed) pages in lane \(lane)")
      expect(Int(head.count) == listed, "stripe \(number) counts lane \(lane) wrong")
      expect(head.oldest == newer, "stripe \(number) lost its oldest page")
      let stamp = unsafe stripe.state.pointee.oldestStamps[lane * PageIndex.stripeCount]
        .load(ordering: .relaxed)
      let expected = unsafe stripe.oldest(lane).map { unsafe $0.pointee.stamp }
      expect(stamp == expected ?? IndexStripe.noStamp, "stripe \(number) publishes a wrong stamp")
    }

    // MARK: Volumes and files

    mutating func inspectVolumes() {
      for (place, volume) in core.volumes.enumerated() {
        let summary = volume.summarize()
        violations += summary.violations
        let claimed = owners[place].count { $0 } * RunAllocator.unitSize
        let retired = (volume as? DiskVolume)?.quarantinedBytes ?? 0
        expect(
          volume.used == claimed + retired,
          "used \(volume.used) is not the pages' \(claimed) and \(retired) out of use")
        expect(copies[place] == core.tasks.copies[place], "a volume counts its pages wrong")
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
