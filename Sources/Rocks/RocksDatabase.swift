// One RocksDB database: the page log of a volume, or the worker's catalog.
//
//   open ──▶ write, sync, read … ──a write fails──▶ every write throws ──dropped──▶ closed
//
// A write that fails is the last one: nothing on the disk changes after it, as if the process had ended there. Whoever owns
// the database drops it and opens it anew. What RocksDB would do after a failed write is never found out: see RocksDisk.

internal import CRocksDB
import Glibc

/// An open database, closed when it is dropped; every call blocks.
// SAFETY: the handles never change, and RocksDB's are safe to use from any thread.
@safe package final class RocksDatabase: @unchecked Sendable {
  private let disk: RocksDisk
  private let handle: OpaquePointer
  private let writeOptions: OpaquePointer
  private let readOptions: OpaquePointer
  /// Whether it was opened for reading only.
  package let isReadOnly: Bool

  /// Opens the database at `path`, making it when it is not there.
  ///
  /// One that `isReadOnly` has to be there, and nothing on the disk changes: it can be had on a disk that is full.
  /// - Throws: What RocksDB says, or the first of its writes that failed.
  package init(
    path: String, options: RocksOptions = RocksOptions(), isReadOnly: Bool = false
  ) throws(RocksFailure) {
    let disk = try RocksDisk()
    if isReadOnly { disk.freeze() }
    let settings = unsafe try options.make(on: disk)
    defer { unsafe rocksdb_options_destroy(settings) }
    var text: UnsafeMutablePointer<CChar>?
    let handle =
      unsafe isReadOnly
      ? rocksdb_open_for_read_only(settings, path, 0, &text) : rocksdb_open(settings, path, &text)
    let failure = unsafe RocksFailure.take(text)
    // What RocksDB says then is what came of it.
    if let refused = disk.failure {
      if let handle = unsafe handle { unsafe rocksdb_close(handle) }
      throw refused
    }
    if let failure { throw failure }
    guard let handle = unsafe handle, let writeOptions = unsafe rocksdb_writeoptions_create(),
      let readOptions = unsafe rocksdb_readoptions_create()
    else { throw RocksFailure("out of memory") }
    self.disk = disk
    self.isReadOnly = isReadOnly
    unsafe rocksdb_writeoptions_set_sync(writeOptions, options.syncsWrites ? 1 : 0)
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
    let disk = try RocksDisk()
    let settings = unsafe try RocksOptions().make(on: disk)
    defer { unsafe rocksdb_options_destroy(settings) }
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_destroy_db(settings, path, &text)
    let failure = unsafe RocksFailure.take(text)
    if let refused = disk.failure ?? failure { throw refused }
  }

  /// The first write that failed, RocksDB's threads' included; nil while none has.
  ///
  /// One atomic load.
  package var failure: RocksFailure? { disk.failure }

  /// Writes a batch as one: all of it or nothing survives a crash.
  ///
  /// - Throws: When it, or a write before it, failed: the database takes no other. Whether this batch is on the disk nobody
  ///   knows.
  package func write(_ batch: RocksBatch) throws(RocksFailure) {
    if let failure = disk.failure { throw failure }
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_write(handle, writeOptions, batch.handle, &text)
    let failure = unsafe RocksFailure.take(text)
    if let refused = disk.failure ?? failure { throw refused }
  }

  /// Makes what was written durable.
  ///
  /// - Throws: When it, or a write before it, failed.
  package func sync() throws(RocksFailure) {
    if let failure = disk.failure { throw failure }
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_flush_wal(handle, 1, &text)
    let failure = unsafe RocksFailure.take(text)
    if let refused = disk.failure ?? failure { throw refused }
  }

  /// The value of `key`, nil when there is none.
  package func value(of key: [UInt8]) throws(RocksFailure) -> [UInt8]? {
    var size = 0
    var text: UnsafeMutablePointer<CChar>?
    // SAFETY: the key lives for the call; RocksDB copies the value into memory that is freed below.
    let value = unsafe key.withCBytes {
      unsafe rocksdb_get(handle, readOptions, $0, $1, &size, &text)
    }
    if let failure = unsafe RocksFailure.take(text) { throw disk.failure ?? failure }
    guard let value = unsafe value else { return nil }
    defer { unsafe rocksdb_free(value) }
    return unsafe Array(UnsafeRawBufferPointer(start: value, count: size))
  }

  /// Calls `body` with each key that begins with `prefix`, from `start` on, and its value, until it returns false; the bytes
  /// are valid during the call.
  ///
  /// In the order of the keys; `isDownwards`, in the other order from the last key before `start`. `isBulk` is for reading all of
  /// it once: ahead, and past the cache.
  /// - Throws: What RocksDB says when records cannot be read; those before were given.
  package func scan(
    prefix: [UInt8] = [], from start: [UInt8] = [], isDownwards: Bool = false, isBulk: Bool = true,
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool
  ) throws(RocksFailure) {
    let options = unsafe rocksdb_readoptions_create()
    defer { unsafe rocksdb_readoptions_destroy(options) }
    if isBulk {
      unsafe rocksdb_readoptions_set_fill_cache(options, 0)
      unsafe rocksdb_readoptions_set_verify_checksums(options, 1)
      unsafe rocksdb_readoptions_set_readahead_size(options, 2 << 20)
    }
    let end = prefix.successor
    // SAFETY: RocksDB keeps the bound by reference, and it lives as long as the iterator: until this closure returns.
    let failure = unsafe end.withCBytes { bound, boundSize -> RocksFailure? in
      if !end.isEmpty {
        unsafe rocksdb_readoptions_set_iterate_upper_bound(options, bound, boundSize)
      }
      guard let iterator = unsafe rocksdb_create_iterator(handle, options) else {
        return RocksFailure("out of memory")
      }
      defer { unsafe rocksdb_iter_destroy(iterator) }
      unsafe Self.seek(iterator, start, isDownwards: isDownwards)
      return unsafe Self.walk(iterator, prefix, isDownwards: isDownwards, body)
    }
    if let failure { throw disk.failure ?? failure }
  }

  private static func seek(_ iterator: OpaquePointer, _ start: [UInt8], isDownwards: Bool) {
    unsafe start.withCBytes { bytes, size in
      guard isDownwards else { return unsafe rocksdb_iter_seek(iterator, bytes, size) }
      unsafe rocksdb_iter_seek_for_prev(iterator, bytes, size)
    }
    // Downwards the scan begins before its start.
    guard isDownwards, unsafe rocksdb_iter_valid(iterator) != 0,
      unsafe entry(at: iterator).key.elementsEqual(start)
    else { return }
    unsafe rocksdb_iter_prev(iterator)
  }

  private static func walk(
    _ iterator: OpaquePointer, _ prefix: [UInt8], isDownwards: Bool,
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool
  ) -> RocksFailure? {
    while unsafe rocksdb_iter_valid(iterator) != 0 {
      let (key, value) = unsafe entry(at: iterator)
      guard unsafe key.starts(with: prefix), unsafe body(key, value) else { return nil }
      if isDownwards {
        unsafe rocksdb_iter_prev(iterator)
      } else {
        unsafe rocksdb_iter_next(iterator)
      }
    }
    var text: UnsafeMutablePointer<CChar>?
    unsafe rocksdb_iter_get_error(iterator, &text)
    return unsafe RocksFailure.take(text)
  }

  private static func entry(
    at iterator: OpaquePointer
  ) -> (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    var (keySize, valueSize) = (0, 0)
    let key = unsafe rocksdb_iter_key(iterator, &keySize)
    let value = unsafe rocksdb_iter_value(iterator, &valueSize)
    return unsafe (
      UnsafeRawBufferPointer(start: key, count: keySize),
      UnsafeRawBufferPointer(start: value, count: valueSize)
    )
  }
}
