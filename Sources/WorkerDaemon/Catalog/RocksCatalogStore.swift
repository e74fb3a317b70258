// The catalog's records in RocksDB, below the worker's metadata directory.
//
//   <alluxio.dora.worker.metastore.rocksdb.dir>/catalog      NUL → format version (1 byte), and the catalog's own keys
//
// Writes are in RocksDB's log when they return and on the disk some time later: a crash of the process loses nothing, a
// power cut the last seconds, which the catalog's users can do without.
//
// A write that fails is the last one: see LastingCatalogStore.

internal import Rocks

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

  private let database: RocksDatabase

  /// Opens the database in the directory `path`, making it when it is not there.
  ///
  /// One that `isReadOnly` has to be there, and nothing on the disk changes: it can be had on a disk that is full.
  /// - Throws: when it cannot be opened; `isDamage` says whether that is because of what it holds.
  package init(
    path: String, options: Options = Options(), isReadOnly: Bool = false
  ) throws(CatalogError) {
    var settings = RocksOptions()
    settings.writeBufferSize = 4 << 20
    settings.cacheSize = options.cacheSize
    // The size is what the database may use.
    settings.countsIndexAsCache = true
    settings.hasBloomFilter = options.hasBloomFilter
    do throws(RocksFailure) {
      database = try RocksDatabase(path: path, options: settings, isReadOnly: isReadOnly)
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
      if database.isReadOnly { return }
      return try write([.put(key: Self.versionKey, value: Self.version)])
    }
    guard found == Self.version else {
      throw CatalogError("its format is another version's", isDamage: true)
    }
  }

  package func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]? {
    do throws(RocksFailure) { return try database.value(of: key) } catch {
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
      try database.write(group)
    } catch {
      throw CatalogError(error)
    }
  }

  package func scan(
    from start: [UInt8], before end: [UInt8], limit: Int
  ) throws(CatalogError) -> [CatalogRecord] {
    var records: [CatalogRecord] = []
    guard limit > 0 else { return records }
    do throws(RocksFailure) {
      unsafe try database.scan(from: start, isBulk: false) { key, value in
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
    if database.isReadOnly { return }
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
