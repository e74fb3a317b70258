// The rules at work: who may enter, how long it stays, who leaves.
//
//   read path ── decide ──▶ RuleBook          fill ── admit ──▶ quotas, pinned limit ── note ──▶ FileCatalog
//             ── checkAge ▶ FileCatalog       PolicyKeeper ── sweep, survey, apply ──▶ FileCatalog × PageStore
//
// Whatever scans the catalog blocks, and so runs on threads of the metastore's; rings wait for it without blocking, and
// clients for a while only.

import Glibc
import LocalWire
import Model
package import PageStore
import Ring
import Synchronization
import UFS

/// The cache policies of a worker.
package final class CachePolicies: Sendable {
  /// The rules.
  package let book: RuleBook
  /// The cached files.
  package let catalog: FileCatalog
  /// Their pages.
  package let store: PageStore
  /// What was done.
  package let counters = PolicyCounters()
  /// Who wants to hear that a file's pages were dropped, or that its version has ended.
  let watch = FileWatch()
  /// How much may be pinned.
  package let pinned: QuotaAccount
  /// Files moved aside at the start because they were damaged.
  package let damagedFiles: [String]
  /// Files of an earlier life that the catalog does not name.
  let unnamed = UnnamedFiles()
  /// What asks the metastore.
  package let calls: MetastoreCalls
  /// True while pages of an earlier life are still being entered in the store.
  private let restoring: Atomic<Bool>
  private let wallClock: @Sendable () -> Int64

  /// Policies over `store`; what blocks is among `calls`.
  ///
  /// - Parameters:
  ///   - store: the pages.
  ///   - book: the rules.
  ///   - catalog: the cached files.
  ///   - pinnedRatio: share of the capacity that may be pinned.
  ///   - damagedFiles: files of rules that were moved aside.
  ///   - isRestoring: whether pages of an earlier life are still to be entered in the store.
  ///   - calls: threads that may block, and how long clients wait for them.
  ///   - wallClock: milliseconds since the epoch.
  package init(
    store: PageStore, book: RuleBook = RuleBook(), catalog: FileCatalog = FileCatalog(),
    pinnedRatio: Double = 0.8, damagedFiles: [String] = [], isRestoring: Bool = false,
    calls: MetastoreCalls = MetastoreCalls(),
    wallClock: @escaping @Sendable () -> Int64 = CachePolicies.realTime
  ) {
    self.store = store
    self.book = book
    self.catalog = catalog
    self.calls = calls
    self.wallClock = wallClock
    self.damagedFiles = damagedFiles
    restoring = Atomic(isRestoring)
    pinned = QuotaAccount(
      path: .root, limit: Int64((Double(store.capacity) * pinnedRatio).rounded(.down)))
  }

  /// Milliseconds since the epoch, of the system.
  package static let realTime: @Sendable () -> Int64 = {
    var time = timespec()
    // This clock cannot fail; the address is this frame's own.
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000
  }

  /// Milliseconds since the epoch.
  package var now: Int64 { wallClock() }

  /// True while a file of which nothing is cached may only not be entered yet.
  package var isRestoring: Bool { restoring.load(ordering: .acquiring) }

  /// Says that the store has all pages of earlier lives: what is not there now is gone.
  package func finishRestoring() { restoring.store(false, ordering: .releasing) }

  /// What the rules come to for a cached file.
  func decide(_ entry: CatalogEntry) -> RuleDecision {
    book.decide(alluxioPath: entry.path, ufsPath: entry.ufsPath)
  }

  /// When pages cached at `cachedAt` expire under `decision`; the largest number for never.
  func expiry(_ decision: RuleDecision, cachedAt: Int64) -> Int64 {
    guard let timeToLive = decision.timeToLive else { return .max }
    let (sum, overflow) = cachedAt.addingReportingOverflow(timeToLive)
    return overflow ? .max : sum
  }

  /// Writes what is to be written to the catalog and lets go of it; false when it does not answer until `deadline`
  /// (nanoseconds of `reactor`).
  func close(by deadline: UInt64, on reactor: Reactor) async -> Bool {
    guard !calls.isHung else { return false }
    return await StopGate.wait(until: deadline, on: reactor) { [calls, catalog] in
      await calls.work { catalog.close() }
    }
  }

  // MARK: The read path

  /// Drops the pages of a file with a time to live if that is over, or if nobody knows since when they are here: a
  /// metastore that does not answer in time does not know.
  ///
  /// Called when the record says that its age is due to be looked at.
  func checkAge(of record: FileRecord) async {
    guard let key = record.key, let timeToLive = record.decision.timeToLive else { return }
    let (wasRestoring, now) = (isRestoring, now)
    let answer = await calls.ask { [catalog] in catalog.entry(of: key) }
    let (entry, isKnown) = (answer.value ?? nil, answer.value != nil)
    if !isKnown { catalog.countFailure() }
    if let entry {
      let expiry = expiry(record.decision, cachedAt: entry.cachedAt)
      // An entry from the future is none: the clock was set back, and its pages could stay for ever.
      if now < expiry, entry.cachedAt <= now { return record.setAgeDue(at: expiry) }
    }
    // The entry goes first: a page that comes in between is noted anew, and at worst dropped. Without an answer there
    // may be one: it would give the pages to come its own age.
    if entry != nil || !isKnown { catalog.remove(key) }
    let bytes = store.drop(key)
    if entry != nil || bytes > 0 {
      watch.end(key, .freed)
      counters.update {
        $0.expiredFiles += 1
        $0.expiredBytes += UInt64(bytes)
      }
    }
    // Pages of an earlier life may still come, and nobody knows how old.
    if wasRestoring { return }
    // Whatever comes from now on cannot be over before this.
    let (due, overflow) = now.addingReportingOverflow(timeToLive)
    record.setAgeDue(at: overflow ? .max : due)
  }

  /// Asks for leave to bring `length` bytes of `record` into the cache; nil when a quota is used up.
  func admit(_ record: FileRecord, length: Int) async -> FillGrant? {
    let decision = record.decision
    let bytes = Int64(length)
    var reserved: [QuotaAccount] = []
    for account in decision.quotas {
      guard await reserve(bytes, of: account, for: record) else {
        for account in reserved { account.cancel(bytes) }
        counters.update { $0.quotaDenials += 1 }
        return nil
      }
      reserved.append(account)
    }
    var isPinned = decision.isPinned
    if isPinned {
      if await reserve(bytes, of: pinned, for: record) {
        reserved.append(pinned)
      } else {
        isPinned = false
        counters.update { $0.pinDenials += 1 }
      }
    }
    var traits = decision.traits
    traits.isPinned = isPinned
    return FillGrant(traits: traits, bytes: bytes, accounts: reserved)
  }

  private func reserve(
    _ bytes: Int64, of account: QuotaAccount, for record: FileRecord
  ) async -> Bool {
    switch account.reserve(bytes, now: monotonicNow()) {
    case .granted: return true
    case .denied: return false
    case .surveyDue(let due):
      // A late one goes on, and what it finds counts.
      let survey = HeldSurvey(due)
      let answer = await calls.perform(isRead: true) { [self] in
        guard let due = survey.take() else { return }
        self.survey(due, wanting: bytes, sparing: record.key)
      }
      switch answer {
      case .value: break
      case .late: return false
      case .refused:
        // What cannot be counted is taken for full.
        survey.take()?.finish(resident: account.limit, isFutile: true, now: monotonicNow())
        return false
      }
    }
    switch account.reserve(bytes, now: monotonicNow(), isSurveyed: true) {
    case .granted: return true
    case .denied: return false
    case .surveyDue: return false
    }
  }

  /// Remembers that a page of `record` is cached now.
  func note(_ record: FileRecord) {
    guard let key = record.key, let version = record.status.version else { return }
    // Noted before, unless its entry may have been removed since.
    guard record.markNoted(catalog.mark(of: key)) else { return }
    catalog.note(
      CatalogEntry(
        key: key, path: record.place.alluxioPath, ufsPath: record.status.ufsPath,
        token: version.token, length: record.length, cachedAt: now))
  }
}
