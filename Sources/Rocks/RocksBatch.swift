// Changes of a database that are written together.

internal import CRocksDB

/// A group of changes, in order; used by one thread at a time.
@safe package final class RocksBatch: @unchecked Sendable {
  // SAFETY: owned by this object alone; RocksDB's batches belong to no thread.
  let handle: OpaquePointer

  /// An empty group.
  package init() {
    guard let handle = unsafe rocksdb_writebatch_create() else {
      preconditionFailure("RocksDB's allocator never returns null")
    }
    unsafe self.handle = handle
  }

  deinit { unsafe rocksdb_writebatch_destroy(handle) }

  /// Changes in the group.
  package var count: Int { Int(unsafe rocksdb_writebatch_count(handle)) }

  /// Bytes of the group, keys and values and what RocksDB adds.
  package var byteCount: Int {
    var size = 0
    _ = unsafe rocksdb_writebatch_data(handle, &size)
    return size
  }

  /// Adds a record.
  package func put(_ key: [UInt8], _ value: [UInt8]) {
    unsafe key.withUnsafeBytes { key in
      unsafe value.withUnsafeBytes { value in unsafe put(key, value) }
    }
  }

  /// Adds the removal of a record.
  package func remove(_ key: [UInt8]) {
    unsafe key.withUnsafeBytes { unsafe remove(key: $0) }
  }

  /// Adds the removal of any record; its bytes are copied.
  package func remove(key: UnsafeRawBufferPointer) {
    unsafe rocksdb_writebatch_delete(
      handle, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count)
  }

  /// Adds the removal of every record whose key begins with these bytes, which are not all 0xFF.
  package func removeAll(prefix: [UInt8]) {
    let end = prefix.successor
    unsafe prefix.withCBytes { start, startSize in
      unsafe end.withCBytes { end, endSize in
        unsafe rocksdb_writebatch_delete_range(handle, start, startSize, end, endSize)
      }
    }
  }

  /// Adds a record of these bytes, which are copied.
  package func put(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    unsafe rocksdb_writebatch_put(
      handle, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count,
      value.baseAddress?.assumingMemoryBound(to: CChar.self), value.count)
  }
}
