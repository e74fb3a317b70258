// The page log of a volume in RocksDB: changes are gathered by whoever makes them and written in groups by one thread.
//
//   put, remove ──lock──▶ group (RocksDB's own batch) ──thread──▶ write-ahead log, not synced ──▶ tables
//
// A group is closed when the thread comes for it, at most `lingering` after its first change. What a caller pays is the
// lock and some 50 bytes of copying. When the thread cannot keep up, puts beyond a bound are dropped and counted: the
// pages stay readable and are only not there after a restart. Removals and bad runs are never dropped.

internal import CLinux
import Glibc
import Ring

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
    /// Groups that RocksDB refused: their changes are lost.
    package var failedGroups = 0
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

  /// The database's directory.
  let path: String
  let volume: VolumeID
  /// True when the log was closed after its last change before it was opened now; never after a crash.
  let wasClosed: Bool
  private let signal = LogSignal()
  // Guarded by the signal's mutex from here on.
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
  private var thread: pthread_t?
  // Used by one thread at a time; nil when it is closed or could not be opened again.
  private var database: RocksDatabase?

  /// Opens the log of `volume` in the directory `path`, making it when it is not there; blocks.
  ///
  /// - Throws: `volumeLogDamaged`; `volumeMismatch` when it is another volume's; `volumeUnavailable`.
  package init(path: String, volume: VolumeID) throws(PageStoreError) {
    self.path = path
    self.volume = volume
    let (database, wasClosed) = try RocksPageLog.open(path, volume)
    self.database = database
    self.wasClosed = wasClosed
  }

  // MARK: Changes

  package func put(_ page: StoredPage) {
    change { group in
      guard fullBytes < RocksPageLog.pendingSizeMax else {
        values.dropped += 1
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

  /// What the log did so far.
  package var statistics: Statistics {
    signal.withLock {
      var values = values
      values.pendingBytes = fullBytes + (group.count > 0 ? group.byteCount : 0)
      return values
    }
  }

  /// Why groups could not be written, in RocksDB's words; nil while they can.
  package var failure: String? { signal.withLock { failureText } }

  package func flush() async {
    await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let isDone = signal.withLock {
        guard isRestored, !isClosing, !isAbandoned,
          group.count > 0 || !full.isEmpty || signal.isBusy
        else {
          return true
        }
        unsafe flushes.append(continuation)
        signal.wake()
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
      signal.wake()
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
      if isFirst { signal.wake() }
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
    var failure: RocksDatabase.Failure?
    do throws(RocksDatabase.Failure) {
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
      if unreadable > 0 { try database?.write(odd) }
    } catch {
      failure = error
    }
    signal.withLock { values.unreadable = unreadable }
    let outcome = failure.map { startOver(after: $0) }
    try startThread()
    if let outcome { throw outcome }
  }

  /// Puts the damaged database aside and starts an empty one; returns what to tell.
  private func startOver(after failure: RocksDatabase.Failure) -> PageStoreError {
    database = nil
    do throws(PageStoreError) {
      let place = try RocksPageLog.moveAside(path)
      database = try RocksPageLog.open(path, volume).database
      return RocksPageLog.damage(path, failure, movedTo: place)
    } catch {
      signal.withLock { failureText = error.description }
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

  /// Waits for changes and takes them, with those who wait for them.
  private func nextGroups() -> ([RocksBatch], isLast: Bool) {
    signal.withLock {
      signal.isBusy = false
      while group.count == 0, full.isEmpty, unsafe flushes.isEmpty, !isClosing { signal.wait() }
      if full.isEmpty, unsafe flushes.isEmpty, !isClosing {
        signal.wait(nanoseconds: RocksPageLog.lingering)
      }
      if group.count > 0 { closeGroup() }
      signal.isBusy = true
      busySince = RocksPageLog.now()
      unsafe flushing = unsafe flushes
      unsafe flushes = []
      defer {
        full = []
        fullBytes = 0
      }
      return (full, isClosing)
    }
  }

  private static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  private func write(_ batch: RocksBatch) {
    do throws(RocksDatabase.Failure) {
      guard let database else { throw RocksDatabase.Failure("the log is closed") }
      try database.write(batch)
      signal.withLock {
        busySince = RocksPageLog.now()
        values.groups += 1
        values.changes += batch.count
      }
    } catch {
      signal.withLock {
        values.failedGroups += 1
        failureText = error.text
      }
    }
  }

  /// Makes what was written durable and closes the database.
  private func finish() {
    do throws(RocksDatabase.Failure) {
      // Only a log that lost no change may say that it is whole.
      if signal.withLock({ isRestored && failureText == nil && values.dropped == 0 }) {
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
