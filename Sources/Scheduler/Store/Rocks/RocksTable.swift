// The store's table in RocksDB.

internal import CRocksDB
import Model

/// An open table, closed when it is dropped; every call blocks.
// SAFETY: the handles never change, and RocksDB's are safe to use from any thread.
@safe final class RocksTable: StoreTable, @unchecked Sendable {
  private let handle: OpaquePointer
  private let writeOptions: OpaquePointer
  private let readOptions: OpaquePointer

  /// Opens the table at `path`, making it when it is not there.
  init(path: String) throws(SchedulerError) {
    let settings = unsafe Self.settings()
    defer { unsafe rocksdb_options_destroy(settings) }
    var text: UnsafeMutablePointer<CChar>?
    let handle = unsafe rocksdb_open(settings, path, &text)
    if let error = unsafe SchedulerError.take(text, "the job store \(path) does not open") {
      throw error
    }
    guard let handle = unsafe handle, let writeOptions = unsafe rocksdb_writeoptions_create(),
      let readOptions = unsafe rocksdb_readoptions_create()
    else { throw SchedulerError(.unavailable, "the job store \(path): out of memory") }
    unsafe rocksdb_writeoptions_set_sync(writeOptions, 1)
    unsafe self.handle = handle
    unsafe self.writeOptions = writeOptions
    unsafe self.readOptions = readOptions
  }

  deinit {
    unsafe rocksdb_writeoptions_destroy(writeOptions)
    unsafe rocksdb_readoptions_destroy(readOptions)
    unsafe rocksdb_close(handle)
  }

  private static func settings() -> OpaquePointer? {
    let options = unsafe rocksdb_options_create()
    unsafe rocksdb_options_set_create_if_missing(options, 1)
    unsafe rocksdb_options_set_paranoid_checks(options, 1)
    unsafe rocksdb_options_set_write_buffer_size(options, 16 << 20)
    unsafe rocksdb_options_set_max_write_buffer_number(options, 2)
    unsafe rocksdb_options_set_max_open_files(options, 64)
    unsafe rocksdb_options_set_max_background_jobs(options, 2)
    unsafe rocksdb_options_set_compression(options, Int32(rocksdb_lz4_compression))
    unsafe rocksdb_options_set_stats_dump_period_sec(options, 0)
    unsafe rocksdb_options_set_info_log_level(options, 3)
    unsafe rocksdb_options_set_keep_log_file_num(options, 2)
    unsafe rocksdb_options_set_max_log_file_size(options, 1 << 20)
    return unsafe options
  }

  /// Makes `changes` durable, all or nothing.
  func write(_ changes: [TableChange]) throws(SchedulerError) {
    let batch = unsafe rocksdb_writebatch_create()
    defer { unsafe rocksdb_writebatch_destroy(batch) }
    for change in changes { unsafe Self.add(change, to: batch) }
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_write(handle, writeOptions, batch, &text)
    if let error = unsafe SchedulerError.take(text, "the job store takes no writes") { throw error }
  }

  private static func add(_ change: TableChange, to batch: OpaquePointer?) {
    switch change {
    case .put(let key, let value):
      unsafe key.withCBytes { key, keySize in
        unsafe value.withCBytes { value, valueSize in
          unsafe rocksdb_writebatch_put(batch, key, keySize, value, valueSize)
        }
      }
    case .remove(let key):
      unsafe key.withCBytes { unsafe rocksdb_writebatch_delete(batch, $0, $1) }
    case .removeAll(let prefix):
      unsafe prefix.withCBytes { start, startSize in
        unsafe prefix.successor.withCBytes { end, endSize in
          unsafe rocksdb_writebatch_delete_range(batch, start, startSize, end, endSize)
        }
      }
    }
  }

  func value(of key: [UInt8]) throws(SchedulerError) -> [UInt8]? {
    var size = 0
    var text: UnsafeMutablePointer<CChar>?
    // SAFETY: the key lives for the call; RocksDB copies the value into memory that is freed below.
    let value = unsafe key.withCBytes {
      unsafe rocksdb_get(handle, readOptions, $0, $1, &size, &text)
    }
    if let error = unsafe SchedulerError.take(text, "the job store cannot be read") { throw error }
    guard let value = unsafe value else { return nil }
    defer { unsafe rocksdb_free(value) }
    return unsafe Array(UnsafeRawBufferPointer(start: value, count: size))
  }

  func scan(
    prefix: [UInt8], from start: [UInt8], isDownwards: Bool,
    _ visit: (_ key: [UInt8], _ value: [UInt8]) -> Bool
  ) throws(SchedulerError) {
    let options = unsafe rocksdb_readoptions_create()
    defer { unsafe rocksdb_readoptions_destroy(options) }
    let end = prefix.successor
    var text: UnsafeMutablePointer<CChar>?
    // SAFETY: the bound is kept by reference, and lives as long as the iterator: until this closure returns.
    unsafe end.withCBytes { bound, boundSize in
      if !end.isEmpty {
        unsafe rocksdb_readoptions_set_iterate_upper_bound(options, bound, boundSize)
      }
      let iterator = unsafe rocksdb_create_iterator(handle, options)
      defer { unsafe rocksdb_iter_destroy(iterator) }
      unsafe Self.seek(iterator, start, isDownwards: isDownwards)
      while unsafe rocksdb_iter_valid(iterator) != 0 {
        let (key, value) = unsafe Self.entry(at: iterator)
        guard key.starts(with: prefix), visit(key, value) else { return }
        if isDownwards {
          unsafe rocksdb_iter_prev(iterator)
        } else {
          unsafe rocksdb_iter_next(iterator)
        }
      }
      unsafe rocksdb_iter_get_error(iterator, &text)
    }
    if let error = unsafe SchedulerError.take(text, "the job store cannot be read") { throw error }
  }

  private static func seek(_ iterator: OpaquePointer?, _ start: [UInt8], isDownwards: Bool) {
    unsafe start.withCBytes { bytes, size in
      guard isDownwards else { return unsafe rocksdb_iter_seek(iterator, bytes, size) }
      unsafe rocksdb_iter_seek_for_prev(iterator, bytes, size)
    }
    // Downwards the scan begins before its start.
    guard isDownwards, unsafe rocksdb_iter_valid(iterator) != 0,
      unsafe entry(at: iterator).key == start
    else { return }
    unsafe rocksdb_iter_prev(iterator)
  }

  private static func entry(at iterator: OpaquePointer?) -> (key: [UInt8], value: [UInt8]) {
    var (keySize, valueSize) = (0, 0)
    let key = unsafe rocksdb_iter_key(iterator, &keySize)
    let value = unsafe rocksdb_iter_value(iterator, &valueSize)
    return unsafe (
      Array(UnsafeRawBufferPointer(start: key, count: keySize)),
      Array(UnsafeRawBufferPointer(start: value, count: valueSize))
    )
  }
}

extension [UInt8] {
  /// The least bytes above everything that begins with these; they are not all 0xFF.
  fileprivate var successor: [UInt8] {
    var bytes = self
    while bytes.last == .max { bytes.removeLast() }
    if let last = bytes.last { bytes[bytes.count - 1] = last + 1 }
    return bytes
  }

  /// Gives the bytes as RocksDB's C interface takes them, for the call.
  fileprivate func withCBytes<R>(_ body: (UnsafePointer<CChar>?, Int) -> R) -> R {
    unsafe withUnsafeBytes {
      unsafe body($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
    }
  }
}
