// A catalog that a full disk does not end.
//
//   WRITABLE ──a write fails──▶ READABLE ──a write, and 1, 2, 4 … 30 s are over, and it opens──▶ WRITABLE
//       ▲                          ▲
//     opens                 opens on a full disk, or was never made there
//
// RocksDB takes nothing more after a write that failed: the database is closed, read as it is on the disk, and opened anew when
// there is something to write. Notes wait in FileCatalog meanwhile, in bounds.

import Glibc
import Ring
import Synchronization

/// An ordered map in a database that is opened anew when its disk takes writes again.
package final class LastingCatalogStore: CatalogStore {
  /// Opens the database for writing, or for reading: nil when there is none to read.
  typealias Open =
    @Sendable (_ isReadOnly: Bool) -> Result<(any CatalogStore)?, CatalogError>

  private static let pauseMax: UInt64 = 30_000_000_000

  private enum Database {
    case writable(any CatalogStore)
    /// Why, and when a write may try again, and how long it waits after that.
    case readable(
      Result<(any CatalogStore)?, CatalogError>, CatalogError, retryAt: UInt64, pause: UInt64)
  }

  private let open: Open
  private let pause: UInt64
  private let now: @Sendable () -> UInt64
  private let database: Mutex<Database>

  /// A map in what `open` gives, which is asked again `pause` nanoseconds of `now` after it failed, and then ever later.
  ///
  /// - Throws: when it cannot be opened for another reason than a full disk.
  init(
    pause: UInt64 = 1_000_000_000,
    now: @escaping @Sendable () -> UInt64 = { monotonicNow() }, open: @escaping Open
  ) throws(CatalogError) {
    (self.pause, self.now, self.open) = (pause, now, open)
    switch open(false) {
    case .success(let store?): database = Mutex(.writable(store))
    case .success(nil): throw CatalogError("it cannot be made")
    case .failure(let error):
      guard error.isFull else { throw error }
      let reader = try open(true).get()
      database = Mutex(.readable(.success(reader), error, retryAt: now() &+ pause, pause: pause))
    }
  }

  /// Opens the database in the directory `path`, making that where it is missing; blocks.
  ///
  /// - Throws: when it cannot be opened for another reason than a full disk.
  package convenience init(
    path: String, options: RocksCatalogStore.Options
  ) throws(CatalogError) {
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    try self.init { isReadOnly in
      do throws(CatalogError) {
        if isReadOnly {
          let isThere = unsafe access("\(path)/CURRENT", F_OK) == 0
          guard isThere else { return .success(nil) }
          return .success(try RocksCatalogStore(path: path, isReadOnly: true))
        }
        try Self.make(directory)
        return .success(try RocksCatalogStore(path: path, options: options))
      } catch { return .failure(error) }
    }
  }

  private static func make(_ directory: String) throws(CatalogError) {
    do throws(StartError) { try WorkDirectory.make(directory) } catch {
      let isFull = [ENOSPC, EDQUOT].contains { error.description.contains(errnoText($0)) }
      throw CatalogError(error.description, isFull: isFull)
    }
  }

  /// Why it cannot be written now; nil while it can.
  package var refusal: CatalogError? {
    database.withLock {
      guard case .readable(_, let error, _, _) = $0 else { return nil }
      return error
    }
  }

  /// What can be read; nil when nothing was ever written.
  private func readable() throws(CatalogError) -> (any CatalogStore)? {
    switch database.withLock({ $0 }) {
    case .writable(let store): store
    case .readable(let reader, _, _, _): try reader.get()
    }
  }

  package func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]? {
    try readable()?.value(of: key)
  }

  package func scan(
    from start: [UInt8], before end: [UInt8], limit: Int
  ) throws(CatalogError) -> [CatalogRecord] {
    try readable()?.scan(from: start, before: end, limit: limit) ?? []
  }

  package func write(_ batch: [CatalogWrite]) throws(CatalogError) {
    let store = try writable()
    do throws(CatalogError) { try store.write(batch) } catch {
      database.withLock { database in
        // Not what another write opened meanwhile.
        guard case .writable(let current) = database,
          current as AnyObject === store as AnyObject
        else { return }
        database = .readable(open(true), error, retryAt: now() &+ pause, pause: pause)
      }
      throw error
    }
  }

  /// The store, opened anew when it is time.
  private func writable() throws(CatalogError) -> any CatalogStore {
    try database.withLock { database throws(CatalogError) in
      guard case .readable(let reader, let refusal, let retryAt, let pause) = database else {
        guard case .writable(let store) = database else { throw CatalogError("it is closed") }
        return store
      }
      guard now() >= retryAt else { throw refusal }
      switch open(false) {
      case .success(let store?):
        database = .writable(store)
        return store
      case .success(nil): throw refusal
      case .failure(let error):
        let next = min(pause &* 2, Self.pauseMax)
        database = .readable(reader, error, retryAt: now() &+ next, pause: next)
        throw error
      }
    }
  }

  package func close() {
    if case .writable(let store) = database.withLock({ $0 }) { store.close() }
  }
}
