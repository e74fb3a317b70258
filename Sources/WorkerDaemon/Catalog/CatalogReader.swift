// A catalog's database that can only be read: its disk is full.

internal import Rocks

/// The records of a RocksDB database, as they were when it was opened.
final class CatalogReader: CatalogStore {
  private let database: RocksDatabase

  /// Opens the database in the directory `path`, which has to be there; nothing on the disk changes.
  ///
  /// - Throws: when it cannot be opened.
  init(path: String) throws(CatalogError) {
    do throws(RocksFailure) {
      database = try RocksDatabase(path: path, isReadOnly: true)
    } catch {
      throw CatalogError(error)
    }
  }

  func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]? {
    do throws(RocksFailure) { return try database.value(of: key) } catch {
      throw CatalogError(error)
    }
  }

  func write(_ batch: [CatalogWrite]) throws(CatalogError) {
    throw CatalogError("it was opened for reading")
  }

  func scan(
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

  func close() {}
}
