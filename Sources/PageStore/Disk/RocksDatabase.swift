// One RocksDB database, set up small: a page log is written in order of arrival and read once, at start.

internal import CRocksDB
import Glibc

/// An open database, closed when it is dropped; blocking calls, from one thread at a time.
// SAFETY: the handles never change, and RocksDB's are safe to use from any thread.
@safe final class RocksDatabase: @unchecked Sendable {
  /// Why a database does not open or a call failed, in RocksDB's words.
  struct Failure: Error {
    var text: String
    /// True when what is on the disk is the cause; false for a lock, a permission, a full disk.
    var isDamage: Bool

    init(_ text: String) {
      self.text = text
      let others = ["lock ", "LOCK", "No space left", "Permission denied", "Read-only file system"]
      isDamage = !others.contains { text.contains($0) }
    }
  }

  private let handle: OpaquePointer
  private let writeOptions: OpaquePointer

  /// Opens the database at `path`, making it when it is not there.
  ///
  /// - Throws: `Failure`.
  init(path: String) throws(Failure) {
    let options = unsafe RocksDatabase.options()
    defer { unsafe rocksdb_options_destroy(options) }
    var text: UnsafeMutablePointer<CChar>?
    let handle = unsafe rocksdb_open(options, path, &text)
    if let failure = unsafe Failure.take(text) { throw failure }
    guard let handle = unsafe handle, let writeOptions = unsafe rocksdb_writeoptions_create() else {
      throw Failure("out of memory")
    }
    unsafe self.handle = handle
    unsafe self.writeOptions = writeOptions
  }

  deinit {
    unsafe rocksdb_writeoptions_destroy(writeOptions)
    unsafe rocksdb_close(handle)
  }

  /// Writes a batch as one: all of it or nothing survives a crash.
  func write(_ batch: RocksBatch) throws(Failure) {
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_write(handle, writeOptions, batch.handle, &text)
    if let failure = unsafe Failure.take(text) { throw failure }
  }

  /// Makes what was written durable.
  func sync() throws(Failure) {
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_flush_wal(handle, 1, &text)
    if let failure = unsafe Failure.take(text) { throw failure }
  }

  /// Calls `body` with each key and value in order until it returns false; the bytes are valid during the call.
  ///
  /// - Throws: `Failure` when records cannot be read; those before were given.
  func scan(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool
  ) throws(Failure) {
    let options = unsafe rocksdb_readoptions_create()
    defer { unsafe rocksdb_readoptions_destroy(options) }
    unsafe rocksdb_readoptions_set_fill_cache(options, 0)
    unsafe rocksdb_readoptions_set_verify_checksums(options, 1)
    unsafe rocksdb_readoptions_set_readahead_size(options, 2 << 20)
    guard let iterator = unsafe rocksdb_create_iterator(handle, options) else {
      throw Failure("out of memory")
    }
    defer { unsafe rocksdb_iter_destroy(iterator) }
    unsafe rocksdb_iter_seek_to_first(iterator)
    while unsafe rocksdb_iter_valid(iterator) != 0 {
      var (keySize, valueSize) = (0, 0)
      let key = unsafe rocksdb_iter_key(iterator, &keySize)
      let value = unsafe rocksdb_iter_value(iterator, &valueSize)
      let goesOn = unsafe body(
        UnsafeRawBufferPointer(start: key, count: keySize),
        UnsafeRawBufferPointer(start: value, count: valueSize))
      guard goesOn else { return }
      unsafe rocksdb_iter_next(iterator)
    }
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_iter_get_error(iterator, &text)
    if let failure = unsafe Failure.take(text) { throw failure }
  }

  /// Options that keep memory and threads few: two write buffers of 8 MiB, 2 MiB of blocks, two threads for all volumes.
  private static func options() -> OpaquePointer? {
    let options = unsafe rocksdb_options_create()
    unsafe rocksdb_options_set_create_if_missing(options, 1)
    unsafe rocksdb_options_set_write_buffer_size(options, 8 << 20)
    unsafe rocksdb_options_set_max_write_buffer_number(options, 2)
    unsafe rocksdb_options_set_max_open_files(options, 64)
    unsafe rocksdb_options_set_max_background_jobs(options, 2)
    unsafe rocksdb_options_set_compression(options, Int32(rocksdb_lz4_compression))
    unsafe rocksdb_options_set_skip_stats_update_on_db_open(options, 1)
    unsafe rocksdb_options_set_stats_dump_period_sec(options, 0)
    unsafe rocksdb_options_set_info_log_level(options, 3)
    unsafe rocksdb_options_set_keep_log_file_num(options, 2)
    unsafe rocksdb_options_set_max_log_file_size(options, 1 << 20)
    unsafe rocksdb_options_set_max_manifest_file_size(options, 16 << 20)
    let blocks = unsafe rocksdb_block_based_options_create()
    let cache = unsafe rocksdb_cache_create_lru(2 << 20)
    unsafe rocksdb_block_based_options_set_block_cache(blocks, cache)
    unsafe rocksdb_block_based_options_set_block_size(blocks, 16 << 10)
    unsafe rocksdb_options_set_block_based_table_factory(options, blocks)
    unsafe rocksdb_block_based_options_destroy(blocks)
    // The options keep their own hold on the cache.
    unsafe rocksdb_cache_destroy(cache)
    return unsafe options
  }
}

extension RocksDatabase.Failure {
  /// The failure that RocksDB reported, nil for none; frees its text.
  fileprivate static func take(_ text: UnsafeMutablePointer<CChar>?) -> RocksDatabase.Failure? {
    guard let text = unsafe text else { return nil }
    defer { unsafe rocksdb_free(text) }
    return unsafe RocksDatabase.Failure(String(cString: text))
  }
}
