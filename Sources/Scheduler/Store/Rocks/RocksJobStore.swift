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
  private static let schema: [UInt8] = [1, 0, 0, 0]
  /// Batches of one write at most.
  private static let groupCountMax = 4096

  private struct Entry {
    var batch: StoreBatch
    var done: @Sendable (SchedulerError?) -> Void
  }

  private struct State {
    var queue: [Entry] = []
    var isDraining = false
    var table: RocksTable?
    var failedFence: UInt64 = 0
    var isClosed = false
  }

  private let path: String
  private let thread: BlockingPool
  private let state: Mutex<State>
  /// Held by whoever writes.
  private let writing = Mutex<Void>(())

  /// Opens the store in the directory `path`, making it when it is not there; blocks.
  ///
  /// - Throws: one line that says what is wrong: `.readOnly`, `.locked`, `.corrupt`, `.newer`, `.noSpace`, `.unavailable`.
  package init(path: String) throws(SchedulerError) {
    let table = try RocksTable(path: path)
    try Self.checkSchema(of: table, path)
    self.path = path
    do throws(RingError) {
      thread = try BlockingPool(name: "job-store", threads: 1)
    } catch { throw SchedulerError(.unavailable, "the job store has no thread: \(error)") }
    state = Mutex(State(table: table))
  }

  private static func checkSchema(of table: RocksTable, _ path: String) throws(SchedulerError) {
    if let found = try table.value(of: StoreKey.schema) {
      guard found != schema else { return }
      throw SchedulerError(
        .newer, "the job store \(path) was written by another version: its format is \(found)")
    }
    var isEmpty = true
    try table.scan(prefix: [], from: [], isDownwards: false) { _, _ in
      isEmpty = false
      return false
    }
    guard isEmpty else {
      throw SchedulerError(.corrupt, "\(path) holds a database that is no job store")
    }
    try table.write([.put(key: StoreKey.schema, value: schema)])
  }

  // MARK: Writing

  package func commit(_ batch: StoreBatch, done: @escaping @Sendable (SchedulerError?) -> Void) {
    let (begins, isClosed) = state.withLock { state in
      guard !state.isClosed else { return (false, true) }
      state.queue.append(Entry(batch: batch, done: done))
      defer { state.isDraining = true }
      return (!state.isDraining, false)
    }
    if isClosed { return done(SchedulerError(.closed, "the job store is closed")) }
    if begins { thread.submit { self.drain() } }
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
        try openTable().write(taken.flatMap(\.batch.changes))
      }
      for entry in taken { entry.done(nil) }
    } catch {
      state.withLock { state in
        state.failedFence = taken.map(\.batch.fence).max() ?? state.failedFence
        // RocksDB writes no more after a failed write until it is opened anew.
        state.table = nil
      }
      for entry in taken { entry.done(error) }
    }
  }

  /// The open table; opened anew after a failure.
  private func openTable() throws(SchedulerError) -> RocksTable {
    if let table = state.withLock({ $0.table }) { return table }
    let table = try RocksTable(path: path)
    state.withLock { $0.table = table }
    return table
  }

  package func close() {
    let isOpen = state.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed
    }
    guard isOpen else { return }
    thread.stop()
    state.withLock { $0.table = nil }
  }

  // MARK: Reading

  private func reader() throws(SchedulerError) -> StoreReader<RocksTable> {
    guard let table = state.withLock({ $0.table }) else {
      throw SchedulerError(.unavailable, "the job store cannot be read now")
    }
    return StoreReader(table)
  }

  package func recover(_ visit: (RecoveredJob) -> Void) throws(SchedulerError) {
    try reader().recover(visit)
  }

  package func list(_ query: JobQuery) throws(SchedulerError) -> JobPage {
    try reader().list(query)
  }

  package func record(of id: JobID) throws(SchedulerError) -> JobRecord? {
    try reader().record(of: id)
  }

  package func latest(_ name: JobIdentity) throws(SchedulerError) -> JobID? {
    try reader().latest(name)
  }

  package func failures(
    of id: JobID, from first: UInt64, limit: Int
  ) throws(SchedulerError) -> [FailedFile] {
    try reader().failures(of: id, from: first, limit: limit)
  }

  package func removeEnded(before: Int64, limit: Int) throws(SchedulerError) -> Int {
    let records = try reader().ended(before: before, limit: limit)
    guard !records.isEmpty else { return 0 }
    // A name may have become a later job's since: it is looked at while nobody else writes.
    return try writing.withLock { (_) throws(SchedulerError) in
      let changes = try reader().removal(of: records)
      try openTable().write(changes)
      return records.count
    }
  }
}
