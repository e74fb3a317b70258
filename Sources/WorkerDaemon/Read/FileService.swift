// The read path: a path becomes a record, a record and a page index become bytes.
//
//   path ──▶ FileTable ──fresh──▶ FileRecord                       page ──▶ PageStore.lookup ──hit──▶ lease
//                └──stale──▶ UFS status (one request in flight)               └──miss──▶ single-flight fill
//                                                                                   └──no room──▶ pass-through
//
// The rule above all holds here: bytes come from pages keyed by the version they were read at, or straight from a UFS
// read that checked the version; a file that changes under a reader ends that reader with an error.

import Glibc
import LocalWire
package import Model
package import PageStore
package import Ring
package import UFS

/// The files of all mounts, cached.
package final class FileService: Sendable {
  /// Settings of the read path.
  package struct Options: Sendable {
    /// How long a status is believed before the UFS is asked again.
    package var statusValidity: Duration = .seconds(1)
    /// Longest wait for the answer to a question about a path.
    package var questionLimit: Duration = .seconds(30)
    /// Longest wait for the next bytes that a client waits for, or will.
    package var readLimit: Duration = .seconds(30)
    /// Longest wait for the bytes of one page of a load.
    package var loadLimit: Duration = .seconds(300)
    /// Records kept.
    package var recordCountMax = 100_000
    /// How long the answer that nothing is there is believed, at most; zero not at all.
    package var absenceValidity: Duration = .seconds(1)
    /// Entries of listings kept in memory; 0 keeps none.
    package var listingEntryCountMax = 100_000
    /// Bytes of listings kept in memory.
    package var listingBytesMax = 16 << 20
    /// How long a listing is kept, whatever the rules say.
    package var listingLifeMax: Duration = .seconds(48 * 3600)
    /// Bytes a ring may hold in buffers for reads that bypass the cache.
    package var passThroughBytesPerRing = 64 << 20
    /// Bytes a ring may hold in buffers for reads from disks of the store.
    package var storedBytesPerRing = 64 << 20
    /// As either, for a ring that serves nobody.
    package var backgroundBytesPerRing = 16 << 20
    /// Bytes that are read ahead of one stream of requests; 0 for none.
    package var readAheadMax: Int64 = 8 << 20
    /// Tasks that read ahead at once.
    package var readAheadTaskCountMax = 64
    /// Bytes of pages that loads may have in flight; never more than a fourth of the memory for pages.
    package var loadBytesMax = 512 << 20

    package init() {}

    var listingBounds: ListingCache.Bounds {
      ListingCache.Bounds(
        entryCountMax: listingEntryCountMax, bytesMax: listingBytesMax,
        lifeMax: listingLifeMax.nanoseconds)
    }
  }

  /// Where the files lie.
  package let mounts: MountTable
  /// Their cached pages.
  package let store: PageStore
  /// Which rules hold for them.
  package let policies: CachePolicies
  /// What was read, from where.
  package let counters: ReadCounters
  /// Failures of the sources, for the log.
  package let failures: FailureLog
  /// Who wants to hear that a version of a file has ended.
  var watch: FileWatch { policies.watch }
  let table: FileTable
  let absences: AbsenceTable
  let listings: ListingCache
  let metadata: MetadataCounters
  let passThrough: [ReadBufferPool]
  let storedReads: [ReadBufferPool]
  let loadBudget: ByteBudget
  private let questionLimit: UInt64
  private let readLimit: UInt64
  private let loadLimit: UInt64
  /// What clients will ask for next.
  package let readAhead: ReadAhead

  /// A service over `mounts` and `store` for the rings of `reactors`; without `policies`, one without rules.
  package init(
    mounts: MountTable, store: PageStore, reactors: [Reactor], options: Options = Options(),
    policies: CachePolicies? = nil
  ) {
    self.mounts = mounts
    self.store = store
    failures = FailureLog(mounts: mounts)
    questionLimit = options.questionLimit.nanoseconds
    readLimit = options.readLimit.nanoseconds
    loadLimit = options.loadLimit.nanoseconds
    table = FileTable(countMax: options.recordCountMax)
    absences = AbsenceTable(validityMax: options.absenceValidity.nanoseconds)
    listings = ListingCache(options.listingBounds)
    metadata = MetadataCounters(ringCount: reactors.count)
    counters = ReadCounters(ringNodes: reactors.map(\.node))
    self.policies = policies ?? Self.withoutRules(store, options)
    let memory = store.volumePlaces.filter { $0.tier == .mem }.reduce(0) { $0 + $1.quota }
    readAhead = ReadAhead(
      sizeMax: options.readAheadMax, taskCountMax: options.readAheadTaskCountMax,
      pageSize: store.pageSize, memory: memory)
    loadBudget = ByteBudget(limit: max(store.pageSize, min(options.loadBytesMax, memory / 4)))
    passThrough = reactors.map {
      ReadBufferPool(
        capacity: $0.isBackground ? options.backgroundBytesPerRing : options.passThroughBytesPerRing
      )
    }
    storedReads = reactors.map {
      ReadBufferPool(
        capacity: $0.isBackground ? options.backgroundBytesPerRing : options.storedBytesPerRing,
        size: store.readBufferSize)
    }
  }

  private static func withoutRules(_ store: PageStore, _ options: Options) -> CachePolicies {
    var rules = RuleBook.Options()
    rules.statusValidity = options.statusValidity
    return CachePolicies(store: store, book: RuleBook(options: rules))
  }

  /// The record of a UFS path, as fresh as its rules ask for.
  ///
  /// - Throws: What the UFS says; `.escapesMount` for a path in no mount.
  package func record(
    ofUFSPath path: String, for use: StatusUse = .data
  ) async throws(UFSError) -> FileRecord {
    try await record(at: try mounts.locate(ufsPath: path), for: use)
  }

  /// The record of an Alluxio path, as fresh as its rules ask for.
  package func record(
    ofAlluxioPath path: String, for use: StatusUse = .data
  ) async throws(UFSError) -> FileRecord {
    try await record(at: try mounts.locate(alluxioPath: path), for: use)
  }

  /// The record of a path, Alluxio's or of the UFS, if it is known and as fresh as its rules ask for; asks nobody.
  package func knownRecord(
    of path: String, isUFSPath: Bool, for use: StatusUse = .data
  ) -> FileRecord? {
    guard let reactor = Reactor.current else {
      preconditionFailure("the read path runs on a reactor")
    }
    let found = try? isUFSPath ? mounts.locate(ufsPath: path) : mounts.locate(alluxioPath: path)
    // What is wrong with a path is said by who asks for it.
    guard let place = found else { return nil }
    return fresh(FileID(ufsPath: place.ufsPath), for: use, now: reactor.now)
  }

  private func fresh(_ id: FileID, for use: StatusUse, now: UInt64) -> FileRecord? {
    guard let record = current(id),
      record.isFresh(now: now, for: use, generation: record.decision.generation)
    else { return nil }
    metadata.count(.statusHit)
    return record
  }

  /// The record of a place in a mount, as fresh as its rules ask for.
  package func record(
    at place: MountedPath, for use: StatusUse = .data
  ) async throws(UFSError) -> FileRecord {
    let id = FileID(ufsPath: place.ufsPath)
    guard let reactor = Reactor.current else {
      preconditionFailure("the read path runs on a reactor")
    }
    let deadline = min(reactor.now &+ questionLimit, UFSDeadline.current)
    while true {
      if let record = fresh(id, for: use, now: reactor.now) { return record }
      if absences.contains(id, now: reactor.now, generation: policies.book.generation) {
        metadata.count(.absenceHit)
        // A remote store has no errno.
        let isLocal = place.mount.uri.scheme == "file"
        throw UFSError(
          .notFound, operation: "worker.status", path: place.ufsPath,
          cause: isLocal ? .errno(ENOENT) : .rule(.absentLately))
      }
      switch await table.turn(for: id) {
      case .ask: break
      case .lookAgain: continue
      case .cancelled:
        throw UFSError(
          .unavailable, operation: "worker.status", path: place.ufsPath, cause: .errno(ECANCELED))
      }
      defer { table.finish(id) }
      // Whoever waited for another's question has no time of its own left when that was not answered.
      guard !Task.isCancelled, reactor.now < deadline else {
        throw UFSError(
          .unavailable, operation: "worker.status", path: place.ufsPath,
          cause: .errno(Task.isCancelled ? ECANCELED : ETIMEDOUT))
      }
      metadata.count(.statusMiss)
      return try await UFSDeadline.run(deadline) { () async throws(UFSError) -> FileRecord in
        try await ask(place, id, reactor)
      }
    }
  }

  /// The record of a path under the rules of now, fresh or not.
  private func current(_ id: FileID) -> FileRecord? {
    let epoch = table.epoch(of: id)
    guard let record = table.record(of: id) else { return nil }
    guard record.decision.generation != policies.book.generation else { return record }
    // The rules changed, the file did not: the UFS need not be asked for that.
    guard record.isFresh(now: 0, validity: .max) else { return nil }
    let anew = record.decided(anew: decide(record.place))
    let (isKept, _) = table.insert(anew, epoch: epoch)
    return isKept ? anew : nil
  }

  func decide(_ place: MountedPath) -> RuleDecision {
    policies.book.decide(alluxioPath: place.alluxioPath, ufsPath: place.ufsPath)
  }

  /// The record of a place in a mount as the UFS has it now, whatever is cached.
  package func freshRecord(at place: MountedPath) async throws(UFSError) -> FileRecord {
    guard let reactor = Reactor.current else {
      preconditionFailure("the read path runs on a reactor")
    }
    return try await UFSDeadline.run(reactor.now &+ questionLimit) {
      () async throws(UFSError) -> FileRecord in
      try await ask(place, FileID(ufsPath: place.ufsPath), reactor)
    }
  }

  /// Runs a read for `purpose`, which is to bring its bytes in the time that such have.
  func withReadDeadline<T>(
    _ purpose: UFSPurpose, _ reactor: Reactor, _ body: () async throws(UFSError) -> T
  ) async throws(UFSError) -> T {
    let limit = purpose == .load ? loadLimit : readLimit
    return try await UFSDeadline.run(reactor.now &+ limit, body)
  }

  /// Asks the UFS for the status, and drops the pages of a version that is gone.
  private func ask(
    _ place: MountedPath, _ id: FileID, _ reactor: Reactor
  ) async throws(UFSError) -> FileRecord {
    // Taken before the question: what changes while it is answered is found at the next one.
    let now = reactor.now
    let (epoch, absenceEpoch) = (table.epoch(of: id), absences.epoch)
    let status: FileStatus
    do throws(UFSError) {
      status = try await mounts.status(of: place)
    } catch {
      // Only an answer that the file is gone makes its pages worthless; an outage does not.
      if error.code == .notFound {
        drop(id, .gone)
        listings.contradict(place.ufsPath, by: nil)
        absences.insert(
          id, path: place.ufsPath, now: now, epoch: absenceEpoch, under: decide(place))
      }
      throw error
    }
    if let known = current(id), known.status == status,
      known.isFresh(now: now, validity: .max)
    {
      known.confirm(now: now)
      return known
    }
    let record = FileRecord(status, at: place, now: now, decision: decide(place))
    keep(record, epoch: epoch)
    return record
  }

  /// Makes `record` the one of its path, unless a change made here since `epoch` may have overtaken it.
  private func keep(_ record: FileRecord, epoch: UInt64) {
    let (isKept, replaced) = table.insert(record, epoch: epoch)
    // A change made here meanwhile may have overtaken it: this request may use it, nobody may keep it.
    if !isKept { record.drop() } else { watch.end(of: record.id, except: record.key, .changed) }
    guard let replaced, replaced.key != record.key else { return }
    replaced.drop()
    listings.contradict(record.status.ufsPath, by: record.status)
    if let key = replaced.key { drop(key, .changed) }
  }

  /// Remembers a status that the UFS gave after `epoch` was taken, as a listing does; returns its record.
  @discardableResult
  package func remember(
    _ status: FileStatus, at place: MountedPath, now: UInt64, epoch: UInt64, id: FileID? = nil
  ) -> FileRecord {
    let record = FileRecord(status, at: place, now: now, id: id, decision: decide(place))
    keep(record, epoch: epoch)
    return record
  }

  /// Remembers statuses that a listing gave after `epochs` were taken, so that nobody has to ask for them again.
  func remember(_ statuses: [FileStatus], now: UInt64, epochs: FileTable.Epochs) {
    for status in statuses {
      // A listing may show what another mount hides; that is asked for when somebody wants it.
      guard let place = try? mounts.locate(ufsPath: status.ufsPath) else { continue }
      let id = FileID(ufsPath: status.ufsPath)
      if let known = table.record(of: id), known.status == status,
        known.decision.generation == policies.book.generation, table.epoch(of: id) == epochs[id]
      {
        known.confirm(now: now)
        continue
      }
      remember(status, at: place, now: now, epoch: epochs[id], id: id)
    }
  }

  /// The record of a file that a listing gave: the one that is known, at the same version, or one of the caller's own.
  ///
  /// Asks nobody: whoever reads by it finds out whether the file is still that version.
  func record(listed status: FileStatus) throws(UFSError) -> FileRecord {
    let id = FileID(ufsPath: status.ufsPath)
    if let known = current(id), known.status.version == status.version { return known }
    let place = try mounts.locate(ufsPath: status.ufsPath)
    let record = FileRecord(status, at: place, now: 0, id: id, decision: decide(place))
    watch.end(of: id, except: record.key, .changed)
    return record
  }

  /// Forgets a path after a change made through this worker, with its cached pages.
  ///
  /// Listings of its directories go, too, and with them what is known not to be there.
  package func forget(_ ufsPath: String) {
    drop(FileID(ufsPath: ufsPath), .changed)
    absences.forget(ufsPath, tree: false)
    listings.forget(ufsPath, tree: false)
  }

  private func drop(_ id: FileID, _ reason: InvalidatedFrame.Reason) {
    if let key = table.remove(id)?.key { drop(key, reason) }
    // Those who opened it when the record was another one, or was here still.
    watch.end(of: id, except: nil, reason)
  }

  /// Drops the pages of a version that has ended, and tells those who have it open.
  private func drop(_ key: FileKey, _ reason: InvalidatedFrame.Reason) {
    store.drop(key)
    watch.end(key, reason)
  }

  /// Forgets a directory and all below it.
  package func forgetTree(_ ufsPath: String) {
    for record in table.removeTree(ufsPath) {
      if let key = record.key { drop(key, .changed) }
    }
    watch.endTree(ufsPath, .changed)
    absences.forget(ufsPath, tree: true)
    listings.forget(ufsPath, tree: true)
  }

  /// Number of pages of a file of `length` bytes; the largest number there is when the file has more.
  package func pageCount(of length: Int64) -> UInt32 {
    length > 0 ? UInt32(clamping: (length - 1) / Int64(store.pageSize) + 1) : 0
  }

  /// Bytes of page `index` of a file of `length` bytes.
  package func pageLength(_ index: UInt32, of length: Int64) -> Int {
    Int(min(Int64(store.pageSize), length - Int64(index) * Int64(store.pageSize)))
  }

  /// Bytes of the file that are cached at its present version.
  package func residentBytes(of record: FileRecord) -> Int64 {
    record.key.map { store.residentBytes(of: $0) } ?? 0
  }
}
