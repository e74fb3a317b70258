// One RocksDB database: the page log of a volume, or the worker's catalog.

internal import CRocksDB
import Glibc

/// An open database, closed when it is dropped; every call blocks.
// SAFETY: the handles never change, and RocksDB's are safe to use from any thread.
@safe package final class RocksDatabase: @unchecked Sendable {
  private let handle: OpaquePointer
  private let writeOptions: OpaquePointer
  private let readOptions: OpaquePointer

  /// Opens the database at `path`, making it when it is not there.
  ///
  /// - Throws: What RocksDB says.
  package init(path: String, options: RocksOptions = RocksOptions()) throws(RocksFailure) {
    let settings = unsafe options.make()
    defer { unsafe rocksdb_options_destroy(settings) }
    var text: UnsafeMutablePointer<CChar>?
    let handle = unsafe rocksdb_open(settings, path, &text)
    if let failure = unsafe RocksFailure.take(text) { throw failure }
    guard let handle = unsafe handle, let writeOptions = unsafe rocksdb_writeoptions_create(),
      let readOptions = unsafe rocksdb_readoptions_create()
    else { throw RocksFailure("out of memory") }
    unsafe self.handle = handle
    unsafe self.writeOptions = writeOptions
    unsafe self.readOptions = readOptions
  }

  deinit {
    unsafe rocksdb_writeoptions_destroy(writeOptions)
    unsafe rocksdb_readoptions_destroy(readOptions)
    unsafe rocksdb_close(handle)
  }

  /// Removes the database at `path`, if there is one.
  ///
  /// - Throws: What RocksDB says, such as that it is in use.
  package static func destroy(path: String) throws(RocksFailure) {
    let settings = unsafe RocksOptions().make()
    defer { unsafe rocksdb_options_destroy(settings) }
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_destroy_db(settings, path, &text)
    if let failure = unsafe RocksFailure.take(text) { throw failure }
  }

  /// Writes a batch as one: all of it or nothing survives a crash.
  package func write(_ batch: RocksBatch) throws(RocksFailure) {
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_write(handle, writeOptions, batch.handle, &text)
    if let failure = unsafe RocksFailure.take(text) { throw failure }
  }

  /// Makes what was written durable.
  package func sync() throws(RocksFailure) {
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_flush_wal(handle, 1, &text)
    if let failure = unsafe RocksFailure.take(text) { throw failure }
  }

  /// The value of `key`, nil when there is none.
  package func value(of key: [UInt8]) throws(RocksFailure) -> [UInt8]? {
    var size = 0
    var text: UnsafeMutablePointer<CChar>?
    // SAFETY: the key lives for the call; RocksDB copies the value into memory that is freed below.
    let value = unsafe key.withUnsafeBytes {
      unsafe rocksdb_get(
        handle, readOptions, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, &size,
        &text)
    }
    if let failure = unsafe RocksFailure.take(text) { throw failure }
    guard let value = unsafe value else { return nil }
    defer { unsafe rocksdb_free(value) }
    return unsafe Array(UnsafeRawBufferPointer(start: value, count: size))
  }

  /// Calls `body` with each key from `start` on and its value, in order, until it returns false; the bytes are valid during
  /// the call.
  ///
  /// `isBulk` is for reading all of it once: ahead, and past the cache.
  /// - Throws: What RocksDB says when records cannot be read; those before were given.
  package func scan(
    from start: [UInt8] = [], isBulk: Bool = true,
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool
  ) throws(RocksFailure) {
    let options = unsafe rocksdb_readoptions_create()
    defer { unsafe rocksdb_readoptions_destroy(options) }
    if isBulk {
      unsafe rocksdb_readoptions_set_fill_cache(options, 0)
      unsafe rocksdb_readoptions_set_verify_checksums(options, 1)
      unsafe rocksdb_readoptions_set_readahead_size(options, 2 << 20)
    }
    guard let iterator = unsafe rocksdb_create_iterator(handle, options) else {
      throw RocksFailure("out of memory")
    }
    defer { unsafe rocksdb_iter_destroy(iterator) }
    unsafe start.withUnsafeBytes {
      unsafe rocksdb_iter_seek(
        iterator, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
    }
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
    if let failure = unsafe RocksFailure.take(text) { throw failure }
  }
}
