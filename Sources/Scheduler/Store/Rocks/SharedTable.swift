// The table of a store, read by many and opened anew by one after a write of it failed.
//
//   open ──a write fails──▶ read only ──next write, a second later──▶ closed ──▶ open again
//                               ▲                                              │ no
//                               └────────── opened for reading alone ◀─────────┘
//
// It cannot be opened anew while it is open, so whoever opens it waits until nobody reads.

import Glibc
import Synchronization

/// An open table, or the reason why there is none.
// SAFETY: the POSIX lock guards `table`; the lock's memory lives as long as the object.
@safe final class SharedTable: @unchecked Sendable {
  /// Time between two attempts to open it anew: each of them reads the whole log.
  private static let pause = Duration.seconds(1)

  private let path: String
  private let lock: UnsafeMutablePointer<pthread_rwlock_t>
  private var table: RocksTable?
  /// The last attempt to open it anew that failed.
  private let refusal = Mutex<(error: SchedulerError, at: ContinuousClock.Instant)?>(nil)

  /// Opens the table at `path`, making it when it is not there; blocks.
  init(path: String) throws(SchedulerError) {
    table = try RocksTable(path: path)
    self.path = path
    unsafe lock = .allocate(capacity: 1)
    unsafe pthread_rwlock_init(lock, nil)
  }

  deinit {
    unsafe pthread_rwlock_destroy(lock)
    unsafe lock.deallocate()
  }

  /// Runs `body` with the table, which stays open meanwhile; blocks.
  ///
  /// - Throws: What `body` throws, or that the table is not open.
  func read<T>(_ body: (RocksTable) throws(SchedulerError) -> T) throws(SchedulerError) -> T {
    unsafe pthread_rwlock_rdlock(lock)
    defer { unsafe pthread_rwlock_unlock(lock) }
    guard let table else {
      throw SchedulerError(.unavailable, "the job store \(path) cannot be read now")
    }
    return try body(table)
  }

  /// Makes `changes` durable, all or nothing, opening the table anew when it has to be; blocks, and one thread at a time.
  ///
  /// - Throws: Why not; whether they are in the table then is known when it is opened anew.
  func write(_ changes: [TableChange]) throws(SchedulerError) {
    let isWritable = try? read { (table) throws(SchedulerError) in table.isWritable }
    if isWritable != true { try reopen() }
    try read { (table) throws(SchedulerError) in try table.write(changes) }
  }

  /// Closes the table once nobody reads it.
  func close() {
    unsafe pthread_rwlock_wrlock(lock)
    defer { unsafe pthread_rwlock_unlock(lock) }
    table = nil
  }

  private func reopen() throws(SchedulerError) {
    let now = ContinuousClock.now
    if let refusal = refusal.withLock(\.self), refusal.at.duration(to: now) < Self.pause {
      throw refusal.error
    }
    unsafe pthread_rwlock_wrlock(lock)
    defer { unsafe pthread_rwlock_unlock(lock) }
    table = nil
    do throws(SchedulerError) { table = try RocksTable(path: path) } catch {
      refusal.withLock { $0 = (error, .now) }
      // Readers lose nothing when it cannot be written; when it cannot be read either, they are told so.
      table = try? RocksTable(path: path, isReadOnly: true)
      throw error
    }
  }
}
