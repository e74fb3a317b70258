// What must hold, after each step and at the end of each life.

import Model
import PageStore

extension StoreSimulation {
  /// The rule above all: `bytes` are those of `file` at `offset`.
  func verify(_ bytes: UnsafeRawBufferPointer, of file: SimUFS.File, at offset: Int, _ what: String)
  {
    count("bytes checked", bytes.count)
    guard let place = file.mismatch(bytes, at: offset) else { return }
    fail(
      "WRONG BYTE (\(what)): file \(file.number) version \(file.version) at \(offset + place),"
        + " \(place) of \(bytes.count)")
  }

  /// After each step of any task.
  func audit() {
    guard let store = life?.store, report.failures.isEmpty else { return }
    for (number, volume) in store.volumes.enumerated() where volume.used > volume.quota {
      fail("volume \(number) uses \(volume.used), its quota is \(volume.quota)")
    }
    if executor.steps % plan.auditInterval == 0 { checkAccount("between steps") }
  }

  /// The store's own account agrees with itself.
  func checkAccount(_ when: String) {
    guard let store = life?.store else { return }
    store.checkInvariants().prefix(5).forEach { sentence in fail("account \(when): \(sentence)") }
  }

  /// Whether a log may have lost its last changes: then what it remembers may be overwritten.
  private var hasLostTails: Bool {
    report.counts["crashes"] != nil || report.counts["pulls"] != nil
  }

  /// Pages of pinned files leave honest devices by name only, as long as no loss of power tore one.
  func checkPinned() {
    guard plan.isCalm, !hasLostTails, let store = life?.store else { return }
    for key in pinned where !store.contains(key) {
      let file = ufs.files.first { $0.key == key.file }
      fail("page \(key.index) of pinned file \(file?.number ?? -1) left")
    }
  }

  /// After the last task of a life has ended.
  func inspect(_ store: PageStore, isCrash: Bool, isLast: Bool) {
    checkAccount("at rest")
    let figures = store.statistics
    if figures.filling != 0 { fail("\(figures.filling) fills never ended") }
    if figures.doomedPages != 0 { fail("\(figures.doomedPages) pages are held by nobody") }
    let mayMismatch = hasLostTails || report.counts["logs damaged"] != nil
    if plan.isHonest, figures.corrupt > 0, !mayMismatch {
      fail("\(figures.corrupt) pages are wrong on honest devices")
    }
    // A calm device may stall for longer than the store waits for it: that is no answer, too.
    let hasStalled = disks.contains { ($0.volume?.statistics.timeouts ?? 0) > 0 }
    if plan.isCalm, figures.unreadable > 0, !mayMismatch, !hasStalled {
      fail("\(figures.unreadable) pages are unreadable on calm devices")
    }
    // A page that this life wrote is never wrong. What a crash tore is, but its place is as good as before.
    if plan.isHonest, quarantined > 0 {
      fail("\(quarantined) bytes of honest devices are out of use")
    }
    for (name, number) in [
      ("saved", figures.saved), ("unsavable", figures.unsavable), ("promoted", figures.promoted),
      ("demoted", figures.demoted), ("corrupt", figures.corrupt),
      ("unreadable", figures.unreadable), ("evictions", Int(figures.evictions)),
    ] { count("store: \(name)", number) }
    if isCrash { return }
    if isLast { return checkEmptying(store) }
    store.closeDisks()
    disks.forEach { $0.keep() }
    if canary == .lostRecord { disks.forEach { $0.change { _ = $0.pages.popFirst() } } }
    checkLogs(store)
    damageLogs()
  }

  private var quarantined: Int { disks.reduce(0) { $0 + ($1.volume?.quarantinedBytes ?? 0) } }

  /// Everything that nobody holds can be given back.
  private func checkEmptying(_ store: PageStore) {
    store.dropAll()
    if store.used != quarantined {
      fail("\(store.used) bytes stay after everything was dropped, \(quarantined) are out of use")
    }
    checkAccount("when empty")
  }

  /// After a planned end the logs have what the index has.
  private func checkLogs(_ store: PageStore) {
    for (disk, volume) in zip(disks, store.volumes.suffix(disks.count)) {
      let records = disk.image.pages.values
      if records.count != volume.pages {
        fail("disk \(disk.number) has \(volume.pages) pages, its log \(records.count)")
      }
      disk.restorable = records.count
      for page in records where !store.contains(page.key) {
        fail("the log of disk \(disk.number) has a page at \(page.unit) that the store has not")
      }

    }
  }

  // MARK: Leases that outlive their store

  /// Holds a few pages of a store that is about to go.
  func takeLeases(_ store: PageStore) -> [KeptLease] {
    var leases: [KeptLease] = []
    for file in ufs.files.prefix(4) {
      let want = Want(file, 0, plan.pageSize)
      switch store.lookup(want.key, now: executor.now) {
      case .hit(let lease): leases.append(KeptLease(lease, want))
      case .stored: continue
      case .miss: continue
      }
    }
    count("leases that outlive their store", leases.count)
    return leases
  }

  /// Bytes stay as long as they are held, whatever became of the store.
  func checkLingering(_ leases: [KeptLease]) {
    for lease in leases { lease.verify(in: self) }
  }
}
