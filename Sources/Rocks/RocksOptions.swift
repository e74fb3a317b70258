// How a database of RocksDB is set up: small, since what it holds is an index and not the data.

internal import CRocksDB

/// Settings of a database.
package struct RocksOptions: Sendable {
  /// Bytes of each of its two write buffers.
  package var writeBufferSize = 8 << 20
  /// Bytes of its cache of blocks.
  package var cacheSize = 2 << 20
  /// Bytes of a block; nil leaves RocksDB's own.
  package var blockSize: Int?
  /// Whether indexes and filters of tables count as cache.
  package var countsIndexAsCache = false
  /// Whether it keeps Bloom filters, which spare reads of keys that are not there.
  package var hasBloomFilter = false
  /// Whether every write is durable when it returns; otherwise `sync` makes it so.
  package var syncsWrites = false

  /// Whether damage inside the log of writes keeps it from opening; otherwise all behind the damage is given up without a word.
  ///
  /// An end that was cut off by a crash is not damage.
  package var refusesDamagedWrites = false

  /// Settings that suit a log that is written in order of arrival and read once.
  package init() {}

  /// RocksDB's own form, owned by the caller, for a database on `disk`.
  ///
  /// - Throws: When this RocksDB does not know a setting.
  func make(on disk: RocksDisk) throws(RocksFailure) -> OpaquePointer? {
    let base = unsafe makeBase()
    defer { unsafe rocksdb_options_destroy(base) }
    let options = unsafe rocksdb_options_create()
    var text: UnsafeMutablePointer<CChar>?
    // The C interface has no call for these. What is reserved ahead would leave a small disk no room for the rest. A database that failed is opened anew by its owner, never by RocksDB's threads.
    unsafe rocksdb_get_options_from_string(
      base,
      "max_bgerror_resume_count=0;allow_fallocate=false;wal_recovery_mode="
        + (refusesDamagedWrites ? "kTolerateCorruptedTailRecords" : "kPointInTimeRecovery"),
      options, &text)
    if let failure = unsafe RocksFailure.take(text) {
      unsafe rocksdb_options_destroy(options)
      throw failure
    }
    unsafe disk.attach(to: options)
    return unsafe options
  }

  private func makeBase() -> OpaquePointer? {
    let options = unsafe rocksdb_options_create()
    unsafe rocksdb_options_set_create_if_missing(options, 1)
    unsafe rocksdb_options_set_write_buffer_size(options, writeBufferSize)
    unsafe rocksdb_options_set_max_write_buffer_number(options, 2)
    unsafe rocksdb_options_set_max_open_files(options, 64)
    unsafe rocksdb_options_set_max_background_jobs(options, 2)
    unsafe rocksdb_options_set_compression(options, Int32(rocksdb_lz4_compression))
    unsafe rocksdb_options_set_skip_stats_update_on_db_open(options, 1)
    unsafe rocksdb_options_set_stats_dump_period_sec(options, 0)
    // Logs of releases that kept some; see RocksDisk.
    unsafe rocksdb_options_set_keep_log_file_num(options, 1)
    unsafe rocksdb_options_set_max_manifest_file_size(options, 16 << 20)
    unsafe setTables(of: options)
    return unsafe options
  }

  private func setTables(of options: OpaquePointer?) {
    let blocks = unsafe rocksdb_block_based_options_create()
    let cache = unsafe rocksdb_cache_create_lru(cacheSize)
    unsafe rocksdb_block_based_options_set_block_cache(blocks, cache)
    if let blockSize { unsafe rocksdb_block_based_options_set_block_size(blocks, blockSize) }
    if countsIndexAsCache {
      unsafe rocksdb_block_based_options_set_cache_index_and_filter_blocks(blocks, 1)
    }
    if hasBloomFilter {
      unsafe rocksdb_block_based_options_set_filter_policy(
        blocks, rocksdb_filterpolicy_create_bloom(10))
    }
    unsafe rocksdb_options_set_block_based_table_factory(options, blocks)
    unsafe rocksdb_block_based_options_destroy(blocks)
    // The options keep their own hold on the cache.
    unsafe rocksdb_cache_destroy(cache)
  }
}
