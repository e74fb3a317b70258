// The page log of a volume in RocksDB: changes are gathered by whoever makes them and written in groups by one thread.
//
//   put, remove ──lock──▶ group (RocksDB's own batch) ──thread──▶ write-ahead log, not synced ──▶ tables
//
// A group is closed when the thread comes for it, at most `lingering` after its first change. What a caller pays is the
// lock and some 50 bytes of copying. When the thread cannot keep up, puts beyond a bound are dropped and counted: the
// pages stay readable and are only not there after a restart. Removals and bad runs are never dropped. When RocksDB refuses
// a group it is opened anew after a while that doubles, and gets the same group again: what waits meanwhile is bounded as above.
// A disk that was full is tried as soon as it has room. A log that finds it full at start is read, and written once it can be.

internal import CLinux
import Glibc
import Ring
internal import Rocks

/// A page log that keeps its records in a RocksDB database.
// SAFETY: the mutable state is guarded by the POSIX mutex; the database is used by one thread at a time (`restore` and
// then the writer, which is started by it).
@safe package final class RocksPageLog: PageLog, @unchecked Sendable {
  /// What a log counts.
  package struct Statistics: Sendable, Equatable {
    /// Changes written, in how many groups.
    package var changes = 0
    package var groups = 0
    /// Pages that were not recorded because the log was behind.
    package var dropped = 0
    /// Times that RocksDB refused a group, or to be opened for one.
    package var failedGroups = 0
    /// Groups that were given up, at a close while RocksDB refused them: their changes are lost.
    package var lostGroups = 0
    /// Times that the database was opened anew.
    package var reopened = 0
    /// Bytes that wait to be written.
    package var pendingBytes = 0
    /// Records that made no sense when the log was read.
    package var unreadable = 0
  }

  /// Bytes of a group that is closed because it is large enough.
  static let groupSizeMax = 1 << 20
  /// Bytes that may wait before puts are dropped.
  static let pendingSizeMax = 16 << 20
  /// How long the first change of a group may wait for others, in nanoseconds.
  static let lingering = 2_000_000
  /// Bytes of room that the log of a busy volume may need: two write-ahead logs, their tables and a merge of those.
  static let roomWanted: UInt64 = 32 << 20
  /// Bytes that have to come free before a full disk is tried before its time.
  static let roomMin: UInt64 = 1 << 20
  /// Longest time between two attempts to write a group that was refused, in nanoseconds.
  static let retryIntervalMax = 60_000_000_000

  /// The database's directory.
  let path: String
  let volume: VolumeID
  /// True when the log was closed after its last change before it was opened now; never after a crash.
  let wasClosed: Bool
  private let signal = Monitor()
  // Guarded by the monitor from here on.
  /// True while the thread works on what it took.
  private var isBusy = false
  private var group = RocksBatch()
  private var full: [RocksBatch] = []
  private var fullBytes = 0
  private var values = Statistics()
  private var flushes: [UnsafeContinuation<Void, Never>] = unsafe []
  /// Those who wait for the groups that are being written.
  private var flushing: [UnsafeContinuation<Void, Never>] = unsafe []
  private var failureText: String?
  private var isClosing = false
  private var isAbandoned = false
  /// Monotonic nanoseconds since when the thread works on what it took; nil while it waits.
  private var busySince: UInt64?
  private var isRestored = false
  /// Whether a change, or a page, may be missing on the disk: then the log is not closed as whole.
  private var hasLost = false
  private let retryInterval: Int
  /// What fails instead of RocksDB, in tests.
  private let fault: @Sendable () -> RocksFailure?
  private var thread: pthread_t?
  // Used by one thread at a time; nil when it is closed or could not be opened again.
  private var database: RocksDatabase?
  /// Bytes that were free when the disk was found full; nil when it was something else.
  private var fullRoom: UInt64?

  /// Opens the log of `volume` in the directory `path`, making it when it is not there; blocks.
  ///
  /// - Throws: `volumeLogDamaged`; `volumeMismatch` when it is another volume's; `volumeUnavailable`.
  package convenience init(path: String, volume: VolumeID) throws(PageStoreError) {
    try self.init(path: path, volume: volume, retryInterval: 1_000_000_000) { nil }
  }

  /// Opens the log; a group that is refused is tried again after `retryInterval` nanoseconds, and `fault` can refuse some.
  init(
    path: String, volume: VolumeID, retryInterval: Int,
    fault: @escaping @Sendable () -> RocksFailure?
  ) throws(PageStoreError) {
    (self.retryInterval, self.fault) = (retryInterval, fault)
    self.path = path
    self.volume = volume
    let found = try RocksPageLog.openAtStart(path, volume)
    database = found.database
    wasClosed = found.wasClosed
    if let refusal = found.refusal {
      failureText = RocksPageLog.sentence(path, refusal)
      fullRoom = RocksPageLog.room(at: path)
    }
  }

  // MARK: Changes

  package func put(_ page: StoredPage) {
    change { group in
      guard fullBytes < RocksPageLog.pendingSizeMax else {
        values.dropped += 1
        hasLost = true
        return
      }
      group.put(page)
    }
  }

  package func remove(unit: UInt32) { change { $0.remove(unit: unit) } }

  package func quarantine(unit: UInt32, count: Int) {
    change { group in
      group.remove(unit: unit)
      group.quarantine(unit: unit, count: count)
    }
  }

  package func forgive(unit: UInt32) { change { $0.forgive(unit: unit) } }

  package func doubt() { signal.withLock { hasLost = true } }

  /// What the log did so far.
  package var statistics: Statistics {
    signal.withLock {
      var values = values
      values.pendingBytes = fullBytes + (group.count > 0 ? group.byteCount : 0)
      return values
    }
  }

  /// Why groups cannot be written now, in RocksDB's words; nil while they can.
  package var failure: String? { signal.withLock { failureText } }

  package func flush() async {
    await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let isDone = signal.withLock {
        guard isRestored, !isClosing, !isAbandoned,
          group.count > 0 || !full.isEmpty || isBusy
        else {
          return true
        }
        unsafe flushes.append(continuation)
        signal.wakeAll()
        return false
      }
      if isDone { unsafe continuation.resume() }
    }
  }

  package func age(now: UInt64) -> UInt64? {
    signal.withLock { busySince.map { now > $0 ? now - $0 : 0 } }
  }

  package func abandon() {
    let waiting = unsafe signal.withLock {
      isAbandoned = true
      defer {
        unsafe flushes = []
        unsafe flushing = []
      }
      return unsafe flushes + flushing
    }
    unsafe waiting.forEach { unsafe $0.resume() }
  }

  package func close() {
    let handle: pthread_t? = signal.withLock {
      isClosing = true
      signal.wakeAll()
      defer { thread = nil }
      return thread
    }
    if let handle = handle { pthread_join(handle, nil) }
    // A log that was never restored has no thread.
    finish()
  }

  private func change(_ body: (RocksBatch) -> Void) {
    signal.withLock {
      guard !isClosing else { return }
      let isFirst = group.count == 0
      body(group)
      if group.byteCount >= RocksPageLog.groupSizeMax { closeGroup() }
      if isFirst { signal.wakeAll() }
    }
  }

  private func closeGroup() {
    fullBytes += group.byteCount
    full.append(group)
    group = RocksBatch()
  }

  // MARK: Restore

  package func restore(
    _ body: (StoredPage) -> Void, quarantined: (_ unit: UInt32, _ count: Int) -> Void
  ) throws(PageStoreError) {
    precondition(!isRestored, "a log is restored once")
    var unreadable = 0
    let odd = RocksBatch()
    var failure: RocksFailure?
    do throws(RocksFailure) {
      unsafe try database?.scan { key, value in
        switch unsafe PageRecord.read(key: key, value: value) {
        case .page(let page): body(page)
        case .bad(let unit, let count): quarantined(unit, count)
        case .owner, .closed: break
        case .unknown:
          unreadable += 1
          unsafe odd.remove(key: key)
        }
        return true
      }
    } catch {
      failure = error
    }
    signal.withLock {
      values.unreadable = unreadable
      if failure == nil, unreadable > 0 { full.append(odd) }
    }
    let outcome = failure.map { $0.isDamage ? startOver(after: $0) : giveUp(after: $0) }
    try startThread()
    if let outcome { throw outcome }
  }

  /// Leaves the database as it is, to be opened anew; returns what to tell.
  private func giveUp(after failure: RocksFailure) -> PageStoreError {
    let text = RocksPageLog.sentence(path, failure)
    signal.withLock {
      failureText = text
      hasLost = true
    }
    return PageStoreError(.volumeUnavailable, operation: "pageStore.log", subject: text)
  }

  /// Puts the damaged database aside and starts an empty one; returns what to tell.
  private func startOver(after failure: RocksFailure) -> PageStoreError {
    database = nil
    do throws(PageStoreError) {
      let place = try RocksPageLog.moveAside(path).place
      database = try RocksPageLog.open(path, volume).database
      return RocksPageLog.damage(path, failure, movedTo: place)
    } catch {
      signal.withLock {
        failureText = error.description
        hasLost = true
      }
      return error
    }
  }

  // MARK: Thread

  private func startThread() throws(PageStoreError) {
    signal.withLock { isRestored = true }
    var handle = pthread_t()
    let box = unsafe Unmanaged.passRetained(self)
    let rc = unsafe pthread_create(
      &handle, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<RocksPageLog>.fromOpaque(argument).takeRetainedValue().work()
        return nil
      }, box.toOpaque())
    guard rc == 0 else {
      unsafe box.release()
      // Nobody would write them.
      signal.withLock { isClosing = true }
      let cause = RingError(.system, operation: "pageStore.thread", errno: rc)
      throw PageStoreError(
        .volumeUnavailable, operation: "pageStore.log", subject: path, cause: cause)
    }
    signal.withLock { thread = handle }
  }

  private func work() {
    unsafe pen_thread_name("penstock-log")
    openLate()
    while true {
      let (groups, isLast) = nextGroups()
      groups.forEach { write($0) }
      let waiters = unsafe signal.withLock {
        busySince = nil
        defer { unsafe flushing = [] }
        return unsafe flushing
      }
      unsafe waiters.forEach { unsafe $0.resume() }
      if isLast { return }
    }
  }

  /// Opens the database for writing when that could not be done at start.
  private func openLate() {
    var pause = retryInterval
    while failure != nil, waitToRetry(pause) {
      pause = min(pause * 2, RocksPageLog.retryIntervalMax)
      reopen()
      signal.withLock {
        busySince = nil
        if database != nil { failureText = nil }
      }
    }
  }

  /// Waits for changes and takes them, with those who wait for them.
  private func nextGroups() -> ([RocksBatch], isLast: Bool) {
    signal.withLock {
      isBusy = false
      while group.count == 0, full.isEmpty, unsafe flushes.isEmpty, !isClosing { signal.wait() }
      if full.isEmpty, unsafe flushes.isEmpty, !isClosing {
        signal.wait(until: monotonicNow() &+ UInt64(RocksPageLog.lingering))
      }
      if group.count > 0 { closeGroup() }
      isBusy = true
      busySince = monotonicNow()
      unsafe flushing = unsafe flushes
      unsafe flushes = []
      defer {
        full = []
        fullBytes = 0
      }
      return (full, isClosing)
    }
  }

  /// Writes `batch`; while RocksDB refuses it, again and again until the log is closed.
  private func write(_ batch: RocksBatch) {
    var pause = retryInterval
    while !tryToWrite(batch) {
      guard waitToRetry(pause) else {
        return signal.withLock {
          values.lostGroups += 1
          hasLost = true
        }
      }
      pause = min(pause * 2, RocksPageLog.retryIntervalMax)
      reopen()
    }
  }

  private func tryToWrite(_ batch: RocksBatch) -> Bool {
    do throws(RocksFailure) {
      if let failure = fault() { throw failure }
      guard let database else { throw RocksFailure(failure ?? "the log is closed") }
      try database.write(batch)
    } catch {
      fullRoom = error.isFull ? RocksPageLog.room(at: path) : nil
      fail(database == nil ? error.text : RocksPageLog.sentence(path, error))
      return false
    }
    signal.withLock {
      busySince = monotonicNow()
      failureText = nil
      values.groups += 1
      values.changes += batch.count
    }
    return true
  }

  /// Remembers why RocksDB refused, and lets those go who wait: nobody knows for how long it will.
  private func fail(_ text: String) {
    signal.withLock {
      busySince = nil
      values.failedGroups += 1
      failureText = text
    }
    letGo()
  }

  /// Lets those go who wait for a flush.
  private func letGo() {
    let waiters = unsafe signal.withLock {
      defer {
        unsafe flushes = []
        unsafe flushing = []
      }
      return unsafe flushes + flushing
    }
    unsafe waiters.forEach { unsafe $0.resume() }
  }

  /// Waits for `nanoseconds`, or until a full disk has room; false when the log is being closed.
  private func waitToRetry(_ nanoseconds: Int) -> Bool {
    let end = monotonicNow() &+ UInt64(nanoseconds)
    while true {
      let now = monotonicNow()
      guard wait(until: min(end, now &+ UInt64(retryInterval))) else { return false }
      if monotonicNow() >= end { break }
      letGo()
      guard let fullRoom else { continue }
      if RocksPageLog.room(at: path) >= fullRoom + RocksPageLog.roomMin { break }
    }
    return signal.withLock {
      busySince = isClosing ? nil : monotonicNow()
      return !isClosing
    }
  }

  /// Waits until it is `end`; false when the log is being closed.
  private func wait(until end: UInt64) -> Bool {
    signal.withLock {
      // Changes that come meanwhile wake the thread too.
      while !isClosing, case let now = monotonicNow(), now < end {
        signal.wait(until: end)
      }
      return !isClosing
    }
  }

  /// Opens the database anew, after a failure that it does not get over by itself; one that is damaged goes aside.
  private func reopen() {
    database = nil
    do throws(PageStoreError) {
      do throws(PageStoreError) {
        database = try RocksPageLog.open(path, volume).database
      } catch {
        guard error.code == .volumeLogDamaged else { throw error }
        _ = try RocksPageLog.moveAside(path)
        signal.withLock { hasLost = true }
        database = try RocksPageLog.open(path, volume).database
      }
      signal.withLock { values.reopened += 1 }
    } catch {
      fullRoom = RocksPageLog.room(at: path)
      signal.withLock { failureText = error.subject }
    }
  }

  /// Makes what was written durable and closes the database.
  private func finish() {
    guard signal.withLock({ failureText == nil }) else { return database = nil }
    do throws(RocksFailure) {
      // Only a log that lost no change may say that it is whole.
      // One that was only opened, as by a start that failed elsewhere, is as whole as it was found.
      if signal.withLock({ (isRestored || wasClosed && group.count == 0) && !hasLost }) {
        let batch = RocksBatch()
        batch.setClosed(true)
        try database?.write(batch)
      }
      try database?.sync()
    } catch {
      // What a crash would lose is lost; the next start reads those pages again.
      signal.withLock { failureText = error.text }
    }
    database = nil
  }
}
