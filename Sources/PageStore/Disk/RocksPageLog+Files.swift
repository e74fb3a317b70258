// Opening the database of a page log, and putting one aside that cannot be used.

internal import CLinux
import Glibc
import Ring

extension RocksPageLog {
  private static var options: RocksOptions {
    var options = RocksOptions()
    options.blockSize = 16 << 10
    return options
  }

  /// Opens the database at `path` and makes sure that it is `volume`'s.
  ///
  /// - Throws: `volumeLogDamaged`, `volumeMismatch`, `volumeUnavailable`.
  static func open(
    _ path: String, _ volume: VolumeID
  ) throws(PageStoreError) -> (database: RocksDatabase, wasClosed: Bool) {
    let database: RocksDatabase
    var owner: PageRecord.Content?
    var wasClosed = false
    do throws(RocksFailure) {
      database = try RocksDatabase(path: path, options: options)
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
    _ path: String, _ failure: RocksFailure, movedTo place: String?
  ) -> PageStoreError {
    let remedy =
      place.map { "moved to \($0); the volume starts empty" }
      ?? "move it away, or delete it, to start empty"
    return PageStoreError(
      .volumeLogDamaged, operation: "pageStore.log", subject: "\(path): \(failure.text): \(remedy)")
  }

  /// Renames what is at `path` to a new name beside it, which is returned with those that were removed for it: at most
  /// `asideCountMax` are kept.
  ///
  /// - Throws: `volumeUnavailable` when it cannot be renamed.
  static func moveAside(
    _ path: String
  ) throws(PageStoreError) -> (place: String, removed: [String]) {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    let prefix = path[path.index(after: slash)...] + ".damaged-"
    let numbers = try VolumeDirectory.names(in: String(path[..<slash]))
      .compactMap { $0.hasPrefix(prefix) ? Int($0.dropFirst(prefix.count)) : nil }.sorted()
    let place = "\(path).damaged-\((numbers.last ?? 0) &+ 1)"
    let rc = unsafe pen_renameat(AT_FDCWD, path, AT_FDCWD, place, true)
    guard rc == 0 else {
      throw PageStoreError(
        .volumeUnavailable, operation: "pageStore.log",
        subject: "\(path): damaged and cannot be moved aside: delete it to start empty",
        cause: RingError(operation: "rename", result: rc))
    }
    let removed = numbers.dropLast(asideCountMax - 1).map { "\(path).damaged-\($0)" }
    return (place, removed.filter { remove($0) })
  }

  /// Logs moved aside that are kept.
  static let asideCountMax = 2

  /// Removes a database's directory, in which nothing but files lies; false when something is left.
  private static func remove(_ path: String) -> Bool {
    guard let names = try? VolumeDirectory.names(in: path) else { return false }
    for name in names where name != "." && name != ".." { unsafe unlink("\(path)/\(name)") }
    return unsafe rmdir(path) == 0
  }
}
