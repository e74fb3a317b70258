// Changes of a page log that are written together.

internal import CRocksDB

/// A group of changes, in order; used by one thread at a time.
@safe final class RocksBatch: @unchecked Sendable {
  // SAFETY: owned by this object alone; RocksDB's batches belong to no thread.
  let handle: OpaquePointer

  /// An empty group.
  init() {
    guard let handle = unsafe rocksdb_writebatch_create() else {
      preconditionFailure("RocksDB's allocator never returns null")
    }
    unsafe self.handle = handle
  }

  deinit { unsafe rocksdb_writebatch_destroy(handle) }

  /// Changes in the group.
  var count: Int { Int(unsafe rocksdb_writebatch_count(handle)) }

  /// Bytes of the group, keys and values and what RocksDB adds.
  var byteCount: Int {
    var size = 0
    _ = unsafe rocksdb_writebatch_data(handle, &size)
    return size
  }

  /// Adds the record of a page.
  func put(_ page: StoredPage) {
    let key = PageRecord.key(PageRecord.pageTag, page.unit)
    let value = PageRecord.value(page)
    unsafe withUnsafeBytes(of: key) { key in
      unsafe withUnsafeBytes(of: value) { value in unsafe put(key, value) }
    }
  }

  /// Adds the removal of the record of the page at `unit`.
  func remove(unit: UInt32) {
    unsafe withUnsafeBytes(of: PageRecord.key(PageRecord.pageTag, unit)) { key in
      unsafe rocksdb_writebatch_delete(
        handle, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count)
    }
  }

  /// Adds the removal of any record.
  func remove(key: UnsafeRawBufferPointer) {
    unsafe rocksdb_writebatch_delete(
      handle, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count)
  }

  /// Adds the record of a bad run.
  func quarantine(unit: UInt32, count: Int) {
    let value = (UInt32(PageRecord.version) | UInt32(truncatingIfNeeded: count) << 8).littleEndian
    unsafe withUnsafeBytes(of: PageRecord.key(PageRecord.badTag, unit)) { key in
      unsafe withUnsafeBytes(of: value) { value in unsafe put(key, value) }
    }
  }

  /// Adds the record that says whose log it is.
  func own(_ id: VolumeID) {
    var value = [PageRecord.version]
    for word in [id.high, id.low] {
      for index in 0..<8 { value.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * index))) }
    }
    unsafe withUnsafeBytes(of: PageRecord.ownerTag) { key in
      unsafe value.withUnsafeBytes { value in unsafe put(key, value) }
    }
  }

  /// Adds the record that says that nothing comes after it; or its removal.
  func setClosed(_ isClosed: Bool) {
    unsafe withUnsafeBytes(of: (PageRecord.ownerTag, UInt8(0))) { key in
      guard isClosed else { return unsafe remove(key: key) }
      unsafe withUnsafeBytes(of: PageRecord.version) { value in unsafe put(key, value) }
    }
  }

  private func put(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    unsafe rocksdb_writebatch_put(
      handle, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count,
      value.baseAddress?.assumingMemoryBound(to: CChar.self), value.count)
  }
}
