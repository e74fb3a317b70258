// The catalog's records in RocksDB, below the worker's metadata directory.
//
//   <alluxio.dora.worker.metastore.rocksdb.dir>/catalog      NUL → format version (1 byte), and the catalog's own keys
//
// Writes are in RocksDB's log when they return and on the disk some time later: a crash of the process loses nothing, a
// power cut the last seconds, which the catalog's users can do without.
//
// After a write that it refused RocksDB takes no other: the database is opened anew, at once and then after 1 s, 2 s, 4 s …
// 1 min, so that a disk that was full or failed for a while does not end the catalog for good.

internal import Rocks
import Synchronization

/// An ordered map in a RocksDB database; closed when it is dropped.
package final class RocksCatalogStore: CatalogStore, Sendable {
  /// Settings of the database.
  package struct Options: Sendable {
    /// Bytes of its cache of blocks.
    package var cacheSize = 8 << 20
    /// Whether it keeps Bloom filters, which spare reads of keys that are not there.
    package var hasBloomFilter = false

    package init() {}
  }

  private static let versionKey: [UInt8] = [0]
  private static let version: [UInt8] = [1]

  private static let retryIntervalMax: UInt64 = 60_000_000_000

  private struct State {
    /// nil while it cannot be opened.
    var database: RocksDatabase?
    /// Whether RocksDB refused a write; it may trap when it is told to sync after that.
    var hasRefused = false
    /// Monotonic nanoseconds before which it is not opened anew, and how long that is.
    var retryAt: UInt64 = 0
    var pause: UInt64
    var reopenCount = 0
  }

  private let path: String
  private let settings: RocksOptions
  private let retryInterval: UInt64
  /// What fails instead of RocksDB, in tests.
  private let fault: @Sendable () -> RocksFailure?
  private let state: Mutex<State>

  /// Opens the database in the directory `path`, making it when it is not there.
  ///
  /// - Throws: when it cannot be opened; `isDamage` says whether that is because of what it holds.
  package convenience init(path: String, options: Options = Options()) throws(CatalogError) {
    try self.init(path: path, options: options, retryInterval: 1_000_000_000) { nil }
  }

  /// Opens the database; after a write that was refused it is opened anew after `retryInterval` nanoseconds, and `fault`
  /// can refuse some.
  init(
    path: String, options: Options, retryInterval: UInt64,
    fault: @escaping @Sendable () -> RocksFailure?
  ) throws(CatalogError) {
    var settings = RocksOptions()
    settings.writeBufferSize = 4 << 20
    settings.cacheSize = options.cacheSize
    // The size is what the database may use.
    settings.countsIndexAsCache = true
    settings.hasBloomFilter = options.hasBloomFilter
    (self.path, self.settings) = (path, settings)
    (self.retryInterval, self.fault) = (retryInterval, fault)
    do throws(RocksFailure) {
      state = Mutex(
        State(
          database: try RocksDatabase(path: path, options: settings), pause: retryInterval))
    } catch {
      throw CatalogError(error)
    }
    try checkVersion()
  }

  /// Removes the database in the directory `path`, if there is one.
  ///
  /// - Throws: when it cannot be removed, such as while it is in use.
  package static func destroy(path: String) throws(CatalogError) {
    do throws(RocksFailure) { try RocksDatabase.destroy(path: path) } catch {
      throw CatalogError(error)
    }
  }

  private func checkVersion() throws(CatalogError) {
    guard let found = try value(of: Self.versionKey) else {
      guard try scan(from: [], before: [0xFF], limit: 1).isEmpty else {
        throw CatalogError("it holds records of something else", isDamage: true)
      }
      return try write([.put(key: Self.versionKey, value: Self.version)])
    }
    guard found == Self.version else {
      throw CatalogError("its format is another version's", isDamage: true)
    }
  }

  /// The database, opened anew when it refused a write and it is time.
  ///
  /// One that somebody still reads from cannot be: that is tried again.
  private func database() throws(RocksFailure) -> RocksDatabase {
    try state.withLock { state throws(RocksFailure) in
      if let database = state.database, !state.hasRefused || now < state.retryAt {
        return database
      }
      guard now >= state.retryAt else { throw RocksFailure("it could not be opened anew") }
      state.retryAt = now &+ state.pause
      state.pause = min(state.pause &* 2, Self.retryIntervalMax)
      state.database = nil
      let database = try RocksDatabase(path: path, options: settings)
      (state.database, state.hasRefused, state.pause) = (database, false, retryInterval)
      state.reopenCount += 1
      return database
    }
  }

  /// Times that the database was opened anew.
  var reopenCount: Int { state.withLock { $0.reopenCount } }

  private var now: UInt64 { PatientCall<Void>.now() }

  package func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]? {
    do throws(RocksFailure) { return try database().value(of: key) } catch {
      throw CatalogError(error)
    }
  }

  package func write(_ batch: [CatalogWrite]) throws(CatalogError) {
    let group = RocksBatch()
    for change in batch {
      switch change {
      case .put(let key, let value): group.put(key, value)
      case .remove(let key): group.remove(key)
      }
    }
    do throws(RocksFailure) {
      if let failure = fault() { throw failure }
      try database().write(group)
    } catch {
      state.withLock { state in
        guard !state.hasRefused else { return }
        state.hasRefused = true
        state.retryAt = 0
      }
      throw CatalogError(error)
    }
  }

  package func scan(
    from start: [UInt8], before end: [UInt8], limit: Int
  ) throws(CatalogError) -> [CatalogRecord] {
    var records: [CatalogRecord] = []
    guard limit > 0 else { return records }
    do throws(RocksFailure) {
      unsafe try database().scan(from: start, isBulk: false) { key, value in
        let record = unsafe CatalogRecord(key: Array(key), value: Array(value))
        guard record.key.lexicographicallyPrecedes(end) else { return false }
        records.append(record)
        return records.count < limit
      }
    } catch {
      throw CatalogError(error)
    }
    return records
  }

  package func close() {
    guard let database = state.withLock({ $0.hasRefused ? nil : $0.database }) else { return }
    do throws(RocksFailure) { try database.sync() } catch {
      // The kernel has it in any case; only a power cut right now could lose the last notes.
    }
  }
}

extension CatalogError {
  /// What RocksDB said.
  init(_ failure: RocksFailure) {
    self.init(failure.text, isDamage: failure.isDamage, isFull: failure.isFull)
  }
}
