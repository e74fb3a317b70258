// The file system below one database, which freezes at the first write that fails.
//
// RocksDB as Debian builds it ends the process when a file is touched again whose last write failed: its log of messages, its
// write-ahead log, a table, the manifest. So it never sees that a write failed. From then on nothing on the disk changes, the
// database is told that all went well, and whoever owns it is told the truth. On the disk is what a crash at that moment would
// have left.

internal import CRocksDB

/// The files of one database.
// SAFETY: the handle never changes, and the shim's calls are safe from any thread.
@safe final class RocksDisk: @unchecked Sendable {
  private let handle: OpaquePointer

  /// The system's files, thawed.
  ///
  /// - Throws: When the library is not the one that this was made for.
  init() throws(RocksFailure) {
    guard let handle = unsafe pen_rocks_disk_create() else {
      throw RocksFailure("this release of RocksDB cannot be used")
    }
    unsafe self.handle = handle
  }

  deinit { unsafe pen_rocks_disk_destroy(handle) }

  /// The first write that failed; nil while none has.
  var failure: RocksFailure? {
    guard unsafe pen_rocks_disk_has_failed(handle),
      let text = unsafe pen_rocks_disk_failure(handle)
    else { return nil }
    defer { unsafe rocksdb_free(text) }
    return unsafe RocksFailure(write: String(cString: text))
  }

  /// From now on nothing on the disk changes.
  func freeze() { unsafe pen_rocks_disk_freeze(handle) }

  /// Makes databases that are opened with `options` use these files.
  func attach(to options: OpaquePointer?) { unsafe pen_rocks_disk_attach(handle, options) }
}
