// A store that forgets: for tests, and for a coordinator without a disk.

import Synchronization

/// Jobs in memory, in the bytes that RocksDB would keep.
package final class MemoryJobStore: JobStore {
  private struct State {
    var table = MemoryTable()
    var failedFence: UInt64 = 0
  }

  private let state = Mutex(State())

  /// An empty store.
  package init() {}

  package func commit(_ batch: StoreBatch, done: @escaping @Sendable (SchedulerError?) -> Void) {
    let failure = state.withLock { state -> SchedulerError? in
      guard batch.fence > state.failedFence else {
        return SchedulerError(.unavailable, "a batch before this one was not written")
      }
      for change in batch.changes { state.table.apply(change) }
      return nil
    }
    done(failure)
  }

  package func recover(_ visit: (RecoveredJob) -> Void) throws(SchedulerError) {
    let table = state.withLock { $0.table }
    try StoreReader(table).recover(visit)
  }

  package func list(_ query: JobQuery) throws(SchedulerError) -> JobPage {
    try StoreReader(state.withLock { $0.table }).list(query)
  }

  package func count(_ query: JobQuery) throws(SchedulerError) -> Int {
    try StoreReader(state.withLock { $0.table }).count(query)
  }

  package func record(of id: JobID) throws(SchedulerError) -> JobRecord? {
    try StoreReader(state.withLock { $0.table }).record(of: id)
  }

  package func latest(_ name: JobIdentity) throws(SchedulerError) -> JobID? {
    try StoreReader(state.withLock { $0.table }).latest(name)
  }

  package func failures(
    of id: JobID, from first: UInt64, limit: Int
  ) throws(SchedulerError) -> [FailedFile] {
    try StoreReader(state.withLock { $0.table }).failures(of: id, from: first, limit: limit)
  }

  package func removeEnded(before: Int64, limit: Int) throws(SchedulerError) -> [JobRecord] {
    try state.withLock { (state) throws(SchedulerError) in
      let reader = StoreReader(state.table)
      let records = try reader.ended(before: before, limit: limit)
      for change in try reader.removal(of: records) { state.table.apply(change) }
      return records
    }
  }

  package func close() {}
}
