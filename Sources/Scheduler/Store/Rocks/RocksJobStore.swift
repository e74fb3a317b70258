// The default store: RocksDB in a directory of this host, written by one thread.
//
//   ring ──commit──▶ queue ──all there is──▶ one write of RocksDB, its log synced ──▶ done, done, done
//
// What is given while a write is under way is written with the next one: a submission costs its share of a sync.

import Ring
import Synchronization

/// Jobs in RocksDB.
package final class RocksJobStore: JobStore {
  /// Version of what lies in the store.
  private static let schema: [UInt8] = [2, 0, 0, 0]
  /// Older ones, whose values are read as they are; who knows only these does not read what is written now.
  private static let olderSchemas: [[UInt8]] = [[1, 0, 0, 0]]
  /// Batches of one write at most.
  private static let groupCountMax = 4096

  private struct Entry {
    var batch: StoreBatch
    var done: @Sendable (SchedulerError?) -> Void
  }

  private struct State {
    var queue: [Entry] = []
    var isDraining = false
    var failedFence: UInt64 = 0
    var isClosed = false
  }

  private let table: SharedTable
  private let thread: BlockingPool
  private let state: Mutex<State>
  /// Held by whoever writes.
  private let writing = Mutex<Void>(())

  /// Opens the store in the directory `path`, making it when it is not there; blocks.
  ///
  /// Its thread is nicer to the CPUs than the caller's by `niceness` steps.
  /// - Throws: one line that says what is wrong: `.readOnly`, `.locked`, `.corrupt`, `.newer`, `.noSpace`, `.unavailable`.
  package init(path: String, niceness: Int = 0) throws(SchedulerError) {
    table = try SharedTable(path: path)
    try Self.checkSchema(of: table, path)
    do throws(RingError) {
      thread = try BlockingPool(name: "job-store", threads: 1, niceness: niceness)
    } catch { throw SchedulerError(.unavailable, "the job store has no thread: \(error)") }
    state = Mutex(State())
  }

  private static func checkSchema(of table: SharedTable, _ path: String) throws(SchedulerError) {
    let (found, isEmpty) = try table.read { (table) throws(SchedulerError) in
      var isEmpty = true
      try table.scan(prefix: [], from: [], isDownwards: false) { _, _ in
        isEmpty = false
        return false
      }
      return (try table.value(of: StoreKey.schema), isEmpty)
    }
    if let found {
      guard found != schema else { return }
      if olderSchemas.contains(found) {
        return try table.write([.put(key: StoreKey.schema, value: schema)])
      }
      throw SchedulerError(
        .newer, "the job store \(path) was written by another version: its format is \(found)")
    }
    guard isEmpty else {
      throw SchedulerError(.invalid, "\(path) holds a database that is no job store")
    }
    try table.write([.put(key: StoreKey.schema, value: schema)])
  }

  // MARK: Writing

  package func commit(_ batch: StoreBatch, done: @escaping @Sendable (SchedulerError?) -> Void) {
    let isTaken = state.withLock { state in
      guard !state.isClosed else { return false }
      state.queue.append(Entry(batch: batch, done: done))
      // Under the lock, since a pool that was stopped takes nothing.
      if !state.isDraining { thread.submit { self.drain() } }
      state.isDraining = true
      return true
    }
    if !isTaken { done(SchedulerError(.closed, "the job store is closed")) }
  }

  private func drain() {
    while true {
      let group = state.withLock { state -> [Entry] in
        let group = Array(state.queue.prefix(Self.groupCountMax))
        state.queue.removeFirst(group.count)
        state.isDraining = !group.isEmpty
        return group
      }
      if group.isEmpty { return }
      write(group)
    }
  }

  private func write(_ group: [Entry]) {
    let fence = state.withLock { $0.failedFence }
    let refused = group.filter { $0.batch.fence <= fence }
    let taken = group.filter { $0.batch.fence > fence }
    let stale = SchedulerError(.unavailable, "a batch before this one was not written")
    for entry in refused { entry.done(stale) }
    guard !taken.isEmpty else { return }
    do throws(SchedulerError) {
      try writing.withLock { (_) throws(SchedulerError) in
        try table.write(taken.flatMap(\.batch.changes))
      }
      for entry in taken { entry.done(nil) }
    } catch {
      state.withLock { state in
        state.failedFence = taken.map(\.batch.fence).max() ?? state.failedFence
      }
      for entry in taken { entry.done(error) }
    }
  }

  package func close() {
    let isOpen = state.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed
    }
    guard isOpen else { return }
    thread.stop()
    table.close()
  }

  // MARK: Reading

  package func recover(_ visit: (RecoveredJob) -> Void) throws(SchedulerError) {
    try table.read { (table) throws(SchedulerError) in try StoreReader(table).recover(visit) }
  }

  package func list(_ query: JobQuery) throws(SchedulerError) -> JobPage {
    try table.read { (table) throws(SchedulerError) in try StoreReader(table).list(query) }
  }

  package func count(_ query: JobQuery) throws(SchedulerError) -> Int {
    try table.read { (table) throws(SchedulerError) in try StoreReader(table).count(query) }
  }

  package func record(of id: JobID) throws(SchedulerError) -> JobRecord? {
    try table.read { (table) throws(SchedulerError) in try StoreReader(table).record(of: id) }
  }

  package func latest(_ name: JobIdentity) throws(SchedulerError) -> JobID? {
    try table.read { (table) throws(SchedulerError) in try StoreReader(table).latest(name) }
  }

  package func failures(
    of id: JobID, from first: UInt64, limit: Int
  ) throws(SchedulerError) -> [FailedFile] {
    try table.read { (table) throws(SchedulerError) in
      try StoreReader(table).failures(of: id, from: first, limit: limit)
    }
  }

  package func removeEnded(before: Int64, limit: Int) throws(SchedulerError) -> [JobRecord] {
    let records = try table.read { (table) throws(SchedulerError) in
      try StoreReader(table).ended(before: before, limit: limit)
    }
    guard !records.isEmpty else { return [] }
    // A name may have become a later job's since: it is looked at while nobody else writes.
    return try writing.withLock { (_) throws(SchedulerError) in
      let changes = try table.read { (table) throws(SchedulerError) in
        try StoreReader(table).removal(of: records)
      }
      try table.write(changes)
      return records
    }
  }
}
