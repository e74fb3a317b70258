// The catalog's records in RocksDB, below the worker's metadata directory.
//
//   <alluxio.dora.worker.metastore.rocksdb.dir>/catalog      NUL → format version (1 byte), and the catalog's own keys
//
// Writes are in RocksDB's log when they return and on the disk some time later: a crash of the process loses nothing, a
// power cut the last seconds, which the catalog's users can do without.

internal import CRocksDB
import Glibc

/// An ordered map in a RocksDB database; closed when it is dropped.
// SAFETY: the handles never change, and RocksDB's are safe to use from any thread.
@safe package final class RocksCatalogStore: CatalogStore, @unchecked Sendable {
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

  private let handle: OpaquePointer
  private let readOptions: OpaquePointer
  private let writeOptions: OpaquePointer

  /// Opens the database in the directory `path`, making it when it is not there.
  ///
  /// - Throws: when it cannot be opened; `isDamage` says whether that is because of what it holds.
  package init(path: String, options: Options = Options()) throws(CatalogError) {
    let settings = unsafe Self.settings(options)
    defer { unsafe rocksdb_options_destroy(settings) }
    var text: UnsafeMutablePointer<CChar>?
    let handle = unsafe rocksdb_open(settings, path, &text)
    if let failure = unsafe CatalogError.take(text) { throw failure }
    guard let handle = unsafe handle, let readOptions = unsafe rocksdb_readoptions_create(),
      let writeOptions = unsafe rocksdb_writeoptions_create()
    else { throw CatalogError("out of memory") }
    unsafe self.handle = handle
    unsafe self.readOptions = readOptions
    unsafe self.writeOptions = writeOptions
    try checkVersion()
  }

  /// Removes the database in the directory `path`, if there is one.
  ///
  /// - Throws: when it cannot be removed, such as while it is in use.
  package static func destroy(path: String) throws(CatalogError) {
    let settings = unsafe Self.settings(Options())
    defer { unsafe rocksdb_options_destroy(settings) }
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_destroy_db(settings, path, &text)
    if let failure = unsafe CatalogError.take(text) { throw failure }
  }

  deinit {
    unsafe rocksdb_writeoptions_destroy(writeOptions)
    unsafe rocksdb_readoptions_destroy(readOptions)
    unsafe rocksdb_close(handle)
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

  package func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]? {
    var size = 0
    var text: UnsafeMutablePointer<CChar>?
    // SAFETY: the key lives for the call; RocksDB copies the value into memory that is freed below.
    let value = unsafe key.withUnsafeBytes {
      unsafe rocksdb_get(
        handle, readOptions, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, &size,
        &text)
    }
    if let failure = unsafe CatalogError.take(text) { throw failure }
    guard let value = unsafe value else { return nil }
    defer { unsafe rocksdb_free(value) }
    return unsafe Array(UnsafeRawBufferPointer(start: value, count: size))
  }

  package func write(_ batch: [CatalogWrite]) throws(CatalogError) {
    guard let group = unsafe rocksdb_writebatch_create() else {
      throw CatalogError("out of memory")
    }
    defer { unsafe rocksdb_writebatch_destroy(group) }
    for change in batch {
      switch change {
      case .put(let key, let value):
        unsafe Self.with(key) { key, keySize in
          unsafe Self.with(value) { value, valueSize in
            unsafe rocksdb_writebatch_put(group, key, keySize, value, valueSize)
          }
        }
      case .remove(let key):
        unsafe Self.with(key) { unsafe rocksdb_writebatch_delete(group, $0, $1) }
      }
    }
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_write(handle, writeOptions, group, &text)
    if let failure = unsafe CatalogError.take(text) { throw failure }
  }

  package func scan(
    from start: [UInt8], before end: [UInt8], limit: Int
  ) throws(CatalogError) -> [CatalogRecord] {
    guard let iterator = unsafe rocksdb_create_iterator(handle, readOptions) else {
      throw CatalogError("out of memory")
    }
    defer { unsafe rocksdb_iter_destroy(iterator) }
    unsafe Self.with(start) { unsafe rocksdb_iter_seek(iterator, $0, $1) }
    var records: [CatalogRecord] = []
    while records.count < limit, unsafe rocksdb_iter_valid(iterator) != 0 {
      var (keySize, valueSize) = (0, 0)
      let key = unsafe rocksdb_iter_key(iterator, &keySize)
      let value = unsafe rocksdb_iter_value(iterator, &valueSize)
      let record = unsafe CatalogRecord(
        key: Array(UnsafeRawBufferPointer(start: key, count: keySize)),
        value: Array(UnsafeRawBufferPointer(start: value, count: valueSize)))
      guard record.key.lexicographicallyPrecedes(end) else { break }
      records.append(record)
      unsafe rocksdb_iter_next(iterator)
    }
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_iter_get_error(iterator, &text)
    if let failure = unsafe CatalogError.take(text) { throw failure }
    return records
  }

  package func close() {
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_flush_wal(handle, 1, &text)
    // The kernel has it in any case; only a power cut right now could lose the last notes.
    _ = unsafe CatalogError.take(text)
  }

  private static func with<T>(
    _ bytes: [UInt8], _ body: (UnsafePointer<CChar>?, Int) -> T
  ) -> T {
    unsafe bytes.withUnsafeBytes {
      unsafe body($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
    }
  }

  /// Settings that keep memory and threads few.
  private static func settings(_ options: Options) -> OpaquePointer? {
    let settings = unsafe rocksdb_options_create()
    unsafe rocksdb_options_set_create_if_missing(settings, 1)
    unsafe rocksdb_options_set_write_buffer_size(settings, 4 << 20)
    unsafe rocksdb_options_set_max_write_buffer_number(settings, 2)
    unsafe rocksdb_options_set_max_open_files(settings, 64)
    unsafe rocksdb_options_set_max_background_jobs(settings, 2)
    unsafe rocksdb_options_set_compression(settings, Int32(rocksdb_lz4_compression))
    unsafe rocksdb_options_set_skip_stats_update_on_db_open(settings, 1)
    unsafe rocksdb_options_set_stats_dump_period_sec(settings, 0)
    unsafe rocksdb_options_set_info_log_level(settings, 3)
    unsafe rocksdb_options_set_keep_log_file_num(settings, 2)
    unsafe rocksdb_options_set_max_log_file_size(settings, 1 << 20)
    let blocks = unsafe rocksdb_block_based_options_create()
    let cache = unsafe rocksdb_cache_create_lru(options.cacheSize)
    unsafe rocksdb_block_based_options_set_block_cache(blocks, cache)
    // Index and filters count as cache: the size is what the database may use.
    unsafe rocksdb_block_based_options_set_cache_index_and_filter_blocks(blocks, 1)
    if options.hasBloomFilter {
      unsafe rocksdb_block_based_options_set_filter_policy(
        blocks, rocksdb_filterpolicy_create_bloom(10))
    }
    unsafe rocksdb_options_set_block_based_table_factory(settings, blocks)
    unsafe rocksdb_block_based_options_destroy(blocks)
    // The settings keep their own hold on the cache.
    unsafe rocksdb_cache_destroy(cache)
    return unsafe settings
  }
}

extension CatalogError {
  /// The failure that RocksDB reported, nil for none; frees its text.
  fileprivate static func take(_ text: UnsafeMutablePointer<CChar>?) -> CatalogError? {
    guard let text = unsafe text else { return nil }
    defer { unsafe rocksdb_free(text) }
    let words = unsafe String(cString: text)
    let others = ["lock ", "LOCK", "No space left", "Permission denied", "Read-only file system"]
    return CatalogError(words, isDamage: !others.contains { words.contains($0) })
  }
}
