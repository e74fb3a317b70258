// Opening the database of a page log, and putting one aside that cannot be used.

internal import CLinux
import Glibc
import Ring

extension RocksPageLog {
  /// Opens the database at `path` and makes sure that it is `volume`'s.
  ///
  /// - Throws: `volumeLogDamaged`, `volumeMismatch`, `volumeUnavailable`.
  static func open(
    _ path: String, _ volume: VolumeID
  ) throws(PageStoreError) -> (database: RocksDatabase, wasClosed: Bool) {
    let database: RocksDatabase
    var owner: PageRecord.Content?
    var wasClosed = false
    do throws(RocksDatabase.Failure) {
      database = try RocksDatabase(path: path)
      unsafe try database.scan { key, value in
        let content = unsafe PageRecord.read(key: key, value: value)
        guard owner != nil else {
          owner = content
          return true
        }
        wasClosed = content == .closed
        return false
      }
      if owner == nil {
        let batch = RocksBatch()
        batch.own(volume)
        try database.write(batch)
        owner = .owner(volume)
      }
      if wasClosed, owner == .owner(volume) {
        let batch = RocksBatch()
        batch.setClosed(false)
        try database.write(batch)
        // Before any page is overwritten.
        try database.sync()
      }
    } catch {
      guard error.isDamage else {
        throw PageStoreError(
          .volumeUnavailable, operation: "pageStore.log", subject: "\(path): \(error.text)")
      }
      throw damage(path, error, movedTo: nil)
    }
    guard owner == .owner(volume) else {
      throw PageStoreError(
        .volumeMismatch, operation: "pageStore.log", subject: "\(path): the log of another volume")
    }
    return (database, wasClosed)
  }

  /// The error for a log that cannot be read.
  static func damage(
    _ path: String, _ failure: RocksDatabase.Failure, movedTo place: String?
  ) -> PageStoreError {
    let remedy =
      place.map { "moved to \($0); the volume starts empty" }
      ?? "move it away, or delete it, to start empty"
    return PageStoreError(
      .volumeLogDamaged, operation: "pageStore.log", subject: "\(path): \(failure.text): \(remedy)")
  }

  /// Renames what is at `path` to a free name beside it, which is returned.
  ///
  /// - Throws: `volumeUnavailable` when it cannot be renamed.
  static func moveAside(_ path: String) throws(PageStoreError) -> String {
    var rc: Int32 = -EEXIST
    for number in 1...1000 {
      let place = "\(path).damaged-\(number)"
      rc = unsafe pen_renameat(AT_FDCWD, path, AT_FDCWD, place, true)
      if rc == 0 { return place }
      guard rc == -EEXIST else { break }
    }
    throw PageStoreError(
      .volumeUnavailable, operation: "pageStore.log",
      subject: "\(path): damaged and cannot be moved aside: delete it to start empty",
      cause: RingError(operation: "rename", result: rc))
  }
}
