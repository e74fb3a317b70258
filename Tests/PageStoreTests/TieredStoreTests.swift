import Glibc
import Model
import Testing

@testable import PageStore

@Suite("Tiers")
struct TieredStoreTests {
  @Test("a page is written below once, may then leave memory, and is read from disk")
  func writeBehind() async throws {
    let tiers = try TieredStore(memory: 4, [(.ssd, 16)])
    let store = tiers.store
    for number in 0..<4 { #expect(store.put(key(number), now: 1000)) }
    #expect(store.evict(toUsed: 0) == 0, "an unsaved page does not leave")
    #expect(store.wish(key(9), now: 1001) == "busy")
    #expect(store.statistics.unsaved == 4)
    await tiers.saveAll()
    #expect(store.checkInvariants() == [])
    #expect(store.statistics.unsaved == 0 && store.statistics.saved == 4)
    #expect(store.statistics.pages == 4, "a page with two copies is one page")
    #expect(await tiers.place(of: key(0)) == "memory")
    #expect(store.evict(toUsed: 0) == 4 * TieredStore.pageSize)
    #expect(store.checkInvariants() == [])
    for number in 0..<4 { #expect(await tiers.place(of: key(number)) == "ssd") }
    let written = tiers.disks[0].statistics.bytesWritten
    #expect(written == 4 * UInt64(tiers.disks[0].unitCount(TieredStore.pageSize)) * 4096)
    #expect(store.residentBytes(of: key(0).file) == Int64(TieredStore.pageSize))
    #expect(store.statistics.pages == 4)
  }

  @Test("a page on disk that is read again comes to memory, and leaves it without a write")
  func promotion() async throws {
    let tiers = try TieredStore(memory: 2, [(.ssd, 16)])
    let store = tiers.store
    for number in 0..<2 { store.put(key(number), now: 1000) }
    await tiers.saveAll()
    store.evict(toUsed: 0)
    let written = tiers.disks[0].statistics.bytesWritten
    #expect(await tiers.place(of: key(0)) == "ssd")
    #expect(store.core.tasks.promotions.count == 0, "one hit is not heat")
    #expect(await tiers.place(of: key(0)) == "ssd")
    #expect(await tiers.place(of: key(0)) == "ssd", "queued once")
    #expect(store.core.tasks.promotions.count == 1)
    try await tiers.promoteAll()
    #expect(store.checkInvariants() == [])
    #expect(await tiers.place(of: key(0)) == "memory")
    #expect(store.statistics.promoted == 1 && store.statistics.pages == 2)
    store.evict(toUsed: 0)
    #expect(store.checkInvariants() == [])
    #expect(await tiers.place(of: key(0)) == "ssd")
    #expect(tiers.disks[0].statistics.bytesWritten == written, "no page is written twice")
  }

  @Test("a page dropped while it is written, promoted or demoted is gone, and its space too")
  func dropWhileMoving() async throws {
    let tiers = try TieredStore(memory: 2, [(.ssd, 4), (.hdd, 4)])
    let store = tiers.store
    store.put(key(1), now: 1000)
    let name = try #require(await store.core.tasks.unsaved.next()).name
    let copy = try #require(store.core.beginCopy(of: name) { _ in true })
    #expect(store.core.makeRoom(for: copy, in: 1, near: 0))
    #expect(store.checkInvariants() == [])
    #expect(store.drop(page: key(1)) == TieredStore.pageSize)
    #expect(!store.core.finishSave(copy, root: 1))
    #expect(store.used == 0 && store.checkInvariants() == [])

    store.put(key(2), now: 1000)
    await tiers.saveAll()
    store.drop(key(2).file)
    #expect(store.used == 0 && store.checkInvariants() == [], "both copies go")
  }

  @Test("a full disk tier hands its coldest pages down, and readers see no difference")
  func demotion() async throws {
    let tiers = try TieredStore(memory: 2, [(.ssd, 4), (.hdd, 8)])
    let store = tiers.store
    for number in 0..<4 {
      store.put(key(number), now: UInt64(number + 1) * 1000)
      await tiers.saveAll()
    }
    store.evict(toUsed: 0)
    #expect(try await tiers.demote(2) == 2)
    #expect(store.checkInvariants() == [])
    #expect(await tiers.place(of: key(0), now: 9000) == "hdd")
    #expect(await tiers.place(of: key(1), now: 9000) == "hdd")
    #expect(await tiers.place(of: key(3), now: 9000) == "ssd")
    #expect(store.statistics.demoted == 2 && store.statistics.pages == 4)
    for number in 4..<6 {
      store.put(key(number), now: 10_000)
      await tiers.saveAll()
    }
    #expect(await tiers.place(of: key(2), now: 11_000) == "ssd", "room was there")
    #expect(store.checkInvariants() == [])
  }

  @Test("wrong bytes on disk are a miss: the page is filled again, its run is used no more")
  func corruption() async throws {
    let tiers = try TieredStore(memory: 2, [(.ssd, 2)])
    let store = tiers.store
    store.put(key(0), now: 1000)
    await tiers.saveAll()
    store.evict(toUsed: 0)
    tiers.devices[0].edit { $0[100] ^= 1 }
    #expect(await tiers.place(of: key(0)) == "lost")
    #expect(await tiers.place(of: key(0)) == "nowhere")
    #expect(store.statistics.corrupt == 1 && store.statistics.pages == 0)
    #expect(tiers.disks[0].quarantinedBytes == TieredStore.pageSize)
    #expect(store.checkInvariants() == [])
    store.put(key(0), now: 2000)
    await tiers.saveAll()
    store.evict(toUsed: 0)
    #expect(await tiers.place(of: key(0)) == "ssd")
    #expect(store.checkInvariants() == [])
  }

  @Test("first touch verifies a page once, off never does")
  func verification() async throws {
    for mode in PageStoreOptions.Verification.allCases {
      let tiers = try TieredStore(memory: 2, [(.ssd, 2)]) {
        $0.verification = mode
        $0.promotionHits = 0
      }
      tiers.store.put(key(0), now: 1000)
      await tiers.saveAll()
      tiers.store.evict(toUsed: 0)
      #expect(await tiers.place(of: key(0)) == "ssd")
      tiers.devices[0].edit { $0[9] ^= 1 }
      let found = await tiers.place(of: key(0))
      #expect(found == (mode == .always ? "lost" : "wrong bytes"), "\(mode)")
    }
  }

  @Test("a disk that fails takes no pages; what it cannot take stays in memory until its turn")
  func failingDisk() async throws {
    let tiers = try TieredStore(memory: 2, [(.ssd, 4)])
    let store = tiers.store
    tiers.devices[0].fail(EIO)
    store.put(key(0), now: 1000)
    await tiers.saveAll()
    #expect(store.statistics.unsavable == 1)
    #expect(await tiers.place(of: key(0)) == "memory")
    #expect(store.checkInvariants() == [])
    #expect(store.evict(toUsed: 0) == TieredStore.pageSize)
    #expect(await tiers.place(of: key(0)) == "nowhere")
  }

  @Test(
    "pages come back after a restart in the order they were written, and account for their space")
  func restart() async throws {
    let first = try TieredStore(memory: 4, [(.ssd, 4)])
    for number in 0..<4 {
      first.store.put(key(number), now: UInt64(number + 1) * 1000)
      await first.saveAll()
    }
    var pages: [UInt32: StoredPage] = [:]
    for change in first.logs[0].changes {
      switch change {
      case .put(let page): pages[page.unit] = page
      case .remove(let unit): pages[unit] = nil
      case .quarantine, .forgive: break
      }
    }
    let log = MemoryLog(pages.values.sorted { $0.unit < $1.unit })
    let second = try TieredStore(memory: 4, [(.ssd, 4)], logs: [log], devices: first.devices)
    let store = second.store
    #expect(store.checkInvariants() == [])
    #expect(store.statistics.pages == 4 && store.used == 4 * TieredStore.pageSize)
    store.put(key(9), now: 50_000)
    await second.saveAll()
    #expect(await second.place(of: key(0)) == "nowhere", "the oldest left")
    for number in 1..<4 { #expect(await second.place(of: key(number)) == "ssd") }
    #expect(store.checkInvariants() == [])
  }

  @Test(
    "after a restart wrong bytes are found in every mode: a crash may have lost a removal",
    arguments: PageStoreOptions.Verification.allCases)
  func restartWithoutVerification(mode: PageStoreOptions.Verification) async throws {
    let first = try TieredStore(memory: 2, [(.ssd, 2)])
    first.store.put(key(0), now: 1000)
    await first.saveAll()
    let records = first.logs[0].changes.compactMap { change in
      if case .put(let page) = change { page } else { nil }
    }
    // The page's place was given to another one, and the crash came before the removal was written.
    first.store.drop(page: key(0))
    first.store.put(key(7), now: 2000)
    await first.saveAll()
    let second = try TieredStore(
      memory: 2, [(.ssd, 2)], logs: [MemoryLog(records)], devices: first.devices
    ) {
      $0.verification = mode
      $0.promotionHits = 0
    }
    #expect(second.store.contains(key(0)))
    #expect(await second.place(of: key(0)) == "lost")
    #expect(second.store.checkInvariants() == [])
  }

  @Test("low priority leaves first, pinned pages stay, and a dearer page is not pushed out")
  func traits() async throws {
    let store = try PageStore(capacity: 3 * TieredStore.pageSize, pageSize: TieredStore.pageSize)
    func put(_ number: Int, _ traits: FileTraits, now: UInt64) -> String {
      switch store.fill(key(number), length: TieredStore.pageSize, traits: traits, now: now) {
      case .owner(let fill):
        write(key(number), to: fill.buffer)
        _ = fill.commit(now: now)
        return "owner"
      case .rejected(let reason): return "\(reason)"
      default: return "other"
      }
    }
    #expect(put(1, FileTraits(priority: .high), now: 1000) == "owner")
    #expect(put(2, FileTraits(priority: .low), now: 2000) == "owner")
    #expect(put(3, FileTraits(isPinned: true), now: 500) == "owner")
    #expect(put(4, FileTraits(), now: 3000) == "owner")
    #expect(!store.contains(key(2)) && store.contains(key(1)) && store.contains(key(3)))
    #expect(put(5, FileTraits(priority: .low), now: 4000) == "priority")
    store.setTraits(FileTraits(), of: key(3).file)
    #expect(store.checkInvariants() == [])
    #expect(put(6, FileTraits(priority: .high), now: 5000) == "owner")
    #expect(put(7, FileTraits(priority: .high), now: 6000) == "owner")
    #expect(!store.contains(key(3)) && !store.contains(key(4)) && store.contains(key(1)))
    store.setTraits(FileTraits(isPinned: true), of: key(1).file)
    store.setTraits(FileTraits(isPinned: true), of: key(6).file)
    store.setTraits(FileTraits(isPinned: true), of: key(7).file)
    #expect(put(8, FileTraits(priority: .high), now: 7000) == "full")
    #expect(store.checkInvariants() == [])
  }

  @Test("rules that are told again, or change, do not make pages look used")
  func traitsKeepAges() throws {
    for policy in [EvictionPolicyKind.lru, .lfu] {
      let store = try TieredStore(memory: 3, []) { $0.policy = policy }.store
      for number in 1...3 { store.put(key(number), now: UInt64(number) * 10_000) }
      _ = store.lookup(key(3), now: 40_000)
      // The same traits as before, then others, then the first again: page 1 is still the oldest.
      for traits in [FileTraits(), FileTraits(priority: .high), FileTraits()] {
        store.setTraits(traits, of: key(1).file)
        #expect(store.checkInvariants() == [])
      }
      #expect(store.evict(toUsed: 2 * TieredStore.pageSize) > 0)
      #expect(!store.contains(key(1)), "\(policy)")
      store.setTraits(FileTraits(priority: .high), of: key(2).file)
      store.setTraits(FileTraits(priority: .high), of: key(3).file)
      #expect(store.evict(toUsed: TieredStore.pageSize) > 0)
      #expect(store.contains(key(3)) && !store.contains(key(2)), "\(policy)")
    }
  }

  @Test("a page that leaves memory for its copy on disk is not evicted, one that leaves both is")
  func lastCopies() async throws {
    let tiers = try TieredStore(memory: 4, [(.ssd, 8)])
    for number in 0..<4 { tiers.store.put(key(number), now: UInt64(number + 1) * 1000) }
    await tiers.saveAll()
    while tiers.store.evict(toUsed: 0) > 0 {}
    #expect(tiers.store.statistics.evictions == 0 && tiers.store.statistics.evictedBytes == 0)
    for number in 0..<4 { #expect(await tiers.place(of: key(number), now: 10_000) == "ssd") }
    let core = tiers.store.core
    #expect(core.evict(1, toUsed: 0, limit: 2, tick: core.now) > 0)
    #expect(tiers.store.statistics.evictions == 2)
    #expect(tiers.store.statistics.evictedBytes == UInt64(2 * TieredStore.pageSize))
    #expect(tiers.store.checkInvariants() == [])
  }

  @Test("a fill under older rules leaves the traits that newer ones gave")
  func epochs() throws {
    let store = try TieredStore(memory: 4, []).store
    func fill(_ index: UInt32, _ traits: FileTraits) {
      guard
        case .owner(let fill) = store.fill(key(1, index), length: 4096, traits: traits, now: 1)
      else {
        Issue.record("the page is not there yet")
        return
      }
      write(key(1, index), to: fill.buffer)
      _ = fill.commit(now: 1)
    }
    func traits() -> FileTraits? { store.core.files.record(of: key(1).file)?.traits }
    fill(0, FileTraits(epoch: 7))
    store.setTraits(FileTraits(isPinned: true, epoch: 8), of: key(1).file)
    fill(1, FileTraits(epoch: 7))
    #expect(traits() == FileTraits(isPinned: true, epoch: 8))
    store.setTraits(FileTraits(priority: .low, epoch: 6), of: key(1).file)
    #expect(traits() == FileTraits(isPinned: true, epoch: 8))
    while store.evict(toUsed: 0) > 0 {}
    #expect(store.contains(key(1, 0)) && store.contains(key(1, 1)), "both are pinned")
    fill(2, FileTraits(priority: .high, epoch: 8))
    #expect(traits() == FileTraits(priority: .high, epoch: 8))
    #expect(FileTraits(epoch: .max).isOlder(than: FileTraits(epoch: 3)), "counts go round")
  }

  @Test("memory that was saved is there again, in its order, once, and without what is wrong")
  func savedMemory() throws {
    let folder = TemporaryDirectory()
    let path = "\(folder.path)/memory.saved"
    let size = TieredStore.pageSize
    let first = try TieredStore(memory: 6, []).store
    #expect(try first.loadMemory(from: path) == nil)
    for number in 0..<5 { first.put(key(number), now: UInt64(number + 1) * 10_000) }
    _ = first.lookup(key(0), now: 90_000)
    var saved = SavedMemory()
    (saved.pages, saved.bytes) = (5, 5 * size)
    #expect(try first.saveMemory(to: path, until: .max) == saved)
    let second = try TieredStore(memory: 4, []) { $0.clock = { 1_000_000 } }.store
    // There is room for four: the one unused the longest, page 1, stays out.
    (saved.pages, saved.bytes, saved.left) = (4, 4 * size, 1)
    #expect(try second.loadMemory(from: path) == saved)
    #expect(try second.loadMemory(from: path) == nil, "used once")
    #expect(second.checkInvariants() == [])
    for number in [0, 2, 3, 4] {
      let lease = try second.lease(key(number), now: 2_000_000)
      #expect(unsafe isPattern(lease.bytes, of: key(number)))
    }
    #expect(!second.contains(key(1)))
    // A bit flipped in the second page: the first one is used.
    #expect(try second.saveMemory(to: path, until: .max).pages == 4)
    let file = open(path, O_RDWR)
    var byte: UInt8 = 0
    let place = off_t(2 * SavedPageHead.size + SavedPageHead.size + size + 100)
    #expect(pread(file, &byte, 1, place) == 1)
    byte ^= 1
    #expect(pwrite(file, &byte, 1, place) == 1)
    close(file)
    let third = try TieredStore(memory: 4, []).store
    let damaged = try third.loadMemory(from: path)
    #expect(damaged?.pages == 1 && damaged?.problem?.contains("page 2 is damaged") == true)
    #expect(third.checkInvariants() == [] && third.statistics.pages == 1)
    #expect(try first.saveMemory(to: path, until: 0).left == 5, "no time")
    #expect(try first.loadMemory(from: path)?.problem == nil, "a file that ends early is no damage")
    try Array("nothing of ours".utf8).withUnsafeBytes { bytes in
      let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      try #require(write(file, bytes.baseAddress, bytes.count) == bytes.count)
      close(file)
    }
    #expect(try first.loadMemory(from: path)?.problem != nil)
    #expect(throws: PageStoreError.self) { try first.saveMemory(to: "/nowhere/x", until: .max) }
    #expect(throws: PageStoreError.self) { try first.loadMemory(from: folder.path) }
  }

  @Test("bad places that keep what is written there are used again, others stay out")
  func reclaims() async throws {
    let tiers = try TieredStore(memory: 4, [(.ssd, 4)])
    for number in 0..<4 { tiers.store.put(key(number), now: 1000) }
    await tiers.saveAll()
    let places = tiers.logs[0].changes.compactMap { change in
      if case .put(let page) = change { page } else { nil }
    }
    try #require(places.count == 4)
    // One bit that was lost once, and a small page beside nothing.
    tiers.devices[0].edit { bytes in
      for page in places[..<2] { bytes[Int(page.unit) * 4096] ^= 1 }
    }
    #expect(await tiers.store.scrubOnce() == 2)
    let used = tiers.disks[0].used
    #expect(tiers.disks[0].quarantinedBytes == 2 * TieredStore.pageSize)
    #expect(tiers.disks[0].badRuns.map(\.unit) == places[..<2].map(\.unit).sorted())
    let buffer = TransferBuffer(tiers.store.readBufferSize)
    tiers.devices[0].fail(EIO)
    #expect(await tiers.store.reclaimQuarantined(through: buffer) { _ in } == 0)
    tiers.devices[0].fail(0)
    #expect(
      await tiers.store.reclaimQuarantined(through: buffer) { _ in } == 2 * TieredStore.pageSize)
    #expect(tiers.disks[0].quarantinedBytes == 0 && tiers.disks[0].badRuns.isEmpty)
    #expect(tiers.disks[0].used == used - 2 * TieredStore.pageSize)
    #expect(tiers.store.scrubStatus.reclaimed == 2 * TieredStore.pageSize)
    #expect(tiers.logs[0].changes.suffix(2) == places[..<2].map { .forgive($0.unit) })
    #expect(tiers.store.checkInvariants() == [])
    for number in 10..<12 { tiers.store.put(key(number), now: 2000) }
    await tiers.saveAll()
    #expect(tiers.store.statistics.unsavable == 0, "there is room again")
    #expect(tiers.store.checkInvariants() == [])
  }

  @Test("a pass that is asked for begins at once, from the first page on, and is the faster one")
  func askedScrub() async throws {
    let bandwidth = TieredStore.pageSize
    let tiers = try TieredStore(memory: 4, [(.ssd, 4)]) {
      $0.clock = { 0 }
      $0.scrubBandwidth = bandwidth
    }
    for number in 0..<4 { tiers.store.put(key(number), now: 1000) }
    await tiers.saveAll()
    let store = tiers.store
    var pauses: [UInt64] = []
    var pages: [Int] = []
    await store.runScrubber { pause in
      pauses.append(pause)
      pages.append(store.scrubStatus.pages)
      if pauses.count == 2 { store.startScrub() }
      if store.scrubStatus.passes == 2 { store.stopBackground() }
    }
    let asked = UInt64(1e9) * UInt64(TieredStore.pageSize) / UInt64(PageStore.askedScrubBandwidth)
    let slow: [UInt64] = Array(repeating: 1_000_000_000, count: 4)
    #expect(pages.prefix(6) == [1, 2, 1, 2, 3, 4], "it begins anew")
    #expect(pauses[2..<6].allSatisfy { $0 / 1000 == asked / 1000 })
    #expect(Array(pauses[7..<11]) == slow, "the next pass is as slow as the first")
    #expect(store.scrubStatus.passes == 2 && store.scrubStatus.skipped == 0)
  }

  @Test("the scrubber finds rot before a reader does")
  func scrub() async throws {
    let tiers = try TieredStore(memory: 4, [(.ssd, 4)])
    for number in 0..<4 { tiers.store.put(key(number), now: 1000) }
    await tiers.saveAll()
    tiers.devices[0].edit { $0[5] ^= 4 }
    #expect(await tiers.store.scrubOnce() == 1)
    #expect(tiers.store.scrubStatus.pages == 4)
    #expect(tiers.store.checkInvariants() == [])
    for number in 0..<4 {
      #expect(await tiers.place(of: key(number)) == "memory", "the copy in front stays")
    }
  }
}

extension PageStore {
  /// Verifies every page on disk; returns how many were lost so far.
  fileprivate func scrubOnce() async -> Int {
    let buffer = TransferBuffer(readBufferSize)
    guard buffer.prepare() else { return 0 }
    for stripe in 0..<PageIndex.stripeCount {
      var local: UInt32 = 1
      while await core.scrubNext(stripe, from: &local, through: buffer) != nil {}
    }
    return scrubStatus.lost
  }
}
