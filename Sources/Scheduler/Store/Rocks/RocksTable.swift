// The store's table in RocksDB.

internal import Rocks

/// An open table, closed when it is dropped; every call blocks.
struct RocksTable: StoreTable {
  private let path: String
  private let database: RocksDatabase

  /// Opens the table at `path`, making it when it is not there; one that `isReadOnly` has to be there.
  init(path: String, isReadOnly: Bool = false) throws(SchedulerError) {
    var options = RocksOptions()
    options.writeBufferSize = 16 << 20
    options.syncsWrites = true
    // What was acknowledged is not to be lost without a word.
    options.refusesDamagedWrites = true
    self.path = path
    do throws(RocksFailure) {
      database = try RocksDatabase(path: path, options: options, isReadOnly: isReadOnly)
    } catch { throw SchedulerError(rocks: error, "the job store \(path) does not open") }
  }

  /// Whether it takes writes: it was opened for them, and none has failed.
  var isWritable: Bool { !database.isReadOnly && database.failure == nil }

  /// Makes `changes` durable, all or nothing.
  ///
  /// - Throws: When it, or a write before it, failed: the table takes no other, and can be read.
  func write(_ changes: [TableChange]) throws(SchedulerError) {
    let batch = RocksBatch()
    for change in changes {
      switch change {
      case .put(let key, let value): batch.put(key, value)
      case .remove(let key): batch.remove(key)
      case .removeAll(let prefix): batch.removeAll(prefix: prefix)
      }
    }
    do throws(RocksFailure) { try database.write(batch) } catch {
      throw SchedulerError(rocks: error, "the job store \(path) takes no writes")
    }
  }

  func value(of key: [UInt8]) throws(SchedulerError) -> [UInt8]? {
    do throws(RocksFailure) { return try database.value(of: key) } catch { throw unreadable(error) }
  }

  func scan(
    prefix: [UInt8], from start: [UInt8], isDownwards: Bool,
    _ visit: (_ key: [UInt8], _ value: [UInt8]) -> Bool
  ) throws(SchedulerError) {
    do throws(RocksFailure) {
      unsafe try database.scan(
        prefix: prefix, from: start, isDownwards: isDownwards, isBulk: false
      ) { key, value in unsafe visit(Array(key), Array(value)) }
    } catch { throw unreadable(error) }
  }

  private func unreadable(_ failure: RocksFailure) -> SchedulerError {
    SchedulerError(rocks: failure, "the job store \(path) cannot be read")
  }
}
