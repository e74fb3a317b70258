// Opening the database of a page log, and putting one aside that cannot be used.

internal import CLinux
import Glibc
import Ring
internal import Rocks

extension RocksPageLog {
  private static var options: RocksOptions {
    var options = RocksOptions()
    options.blockSize = 16 << 10
    return options
  }

  /// A log's database as it was found.
  struct Found {
    /// nil when there is none, and none can be made.
    var database: RocksDatabase?
    /// Whether it was closed after its last change.
    var wasClosed = false
    /// Why it can be read only; nil when it can be written.
    var refusal: RocksFailure?
    fileprivate var owner: PageRecord.Content?
  }

  /// Opens the database at `path` and makes sure that it is `volume`'s.
  ///
  /// - Throws: `volumeLogDamaged`, `volumeMismatch`, `volumeUnavailable`.
  static func open(_ path: String, _ volume: VolumeID) throws(PageStoreError) -> Found {
    try check(path, volume) { () throws(RocksFailure) in try openForWriting(path, volume) }
  }

  /// Opens the database at `path` as `open` does; on a full disk for reading, or not at all when it was never made.
  ///
  /// - Throws: `volumeLogDamaged`, `volumeMismatch`, `volumeUnavailable`.
  static func openAtStart(_ path: String, _ volume: VolumeID) throws(PageStoreError) -> Found {
    try check(path, volume) { () throws(RocksFailure) in
      do throws(RocksFailure) { return try openForWriting(path, volume) } catch {
        guard error.isFull else { throw error }
        return try openForReading(path, volume, error)
      }
    }
  }

  private static func check(
    _ path: String, _ volume: VolumeID, _ body: () throws(RocksFailure) -> Found
  ) throws(PageStoreError) -> Found {
    let found: Found
    do throws(RocksFailure) { found = try body() } catch {
      guard error.isDamage else {
        throw PageStoreError(
          .volumeUnavailable, operation: "pageStore.log", subject: sentence(path, error))
      }
      throw damage(path, error, movedTo: nil)
    }
    guard found.owner == .owner(volume) else {
      throw PageStoreError(
        .volumeMismatch, operation: "pageStore.log", subject: "\(path): the log of another volume")
    }
    return found
  }

  private static func openForWriting(
    _ path: String, _ volume: VolumeID
  ) throws(RocksFailure) -> Found {
    let database = try RocksDatabase(path: path, options: options)
    var found = try read(database)
    if found.owner == nil {
      let batch = RocksBatch()
      batch.own(volume)
      try database.write(batch)
      found.owner = .owner(volume)
    }
    if found.wasClosed, found.owner == .owner(volume) {
      let batch = RocksBatch()
      batch.setClosed(false)
      try database.write(batch)
      // Before any page is overwritten.
      try database.sync()
    }
    return found
  }

  private static func openForReading(
    _ path: String, _ volume: VolumeID, _ refusal: RocksFailure
  ) throws(RocksFailure) -> Found {
    var found = Found(owner: .owner(volume))
    // Without this file there was never a record.
    if unsafe access("\(path)/CURRENT", F_OK) == 0 {
      found = try read(try RocksDatabase(path: path, options: options, isReadOnly: true))
      found.owner = found.owner ?? .owner(volume)
    }
    found.refusal = refusal
    return found
  }

  /// What `database` says of itself, in its first two records.
  private static func read(_ database: RocksDatabase) throws(RocksFailure) -> Found {
    var found = Found(database: database)
    unsafe try database.scan { key, value in
      let content = unsafe PageRecord.read(key: key, value: value)
      guard found.owner != nil else {
        found.owner = content
        return true
      }
      found.wasClosed = content == .closed
      return false
    }
    return found
  }

  /// Why the log at `path` cannot be written, with what an operator can do.
  static func sentence(_ path: String, _ failure: RocksFailure) -> String {
    guard failure.isFull else { return "\(path): \(failure.text)" }
    return "\(path): the disk is full: free some of it, or lower the volume's quota"
      + " (alluxio.worker.page.store.sizes); until then its pages are served and none is added"
      + " (\(failure.text))"
  }

  /// Bytes that may still be written to the file system that `path` lies on; 0 when nobody knows.
  static func room(at path: String) -> UInt64 {
    var facts = statvfs()
    let above = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    guard unsafe statvfs(above, &facts) == 0 else { return 0 }
    return UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
      .partialValue
  }

  /// The error for a log that cannot be read.
  static func damage(
    _ path: String, _ failure: RocksFailure, movedTo place: String?
  ) -> PageStoreError {
    // Whoever opens it moves it aside and says so.
    let remedy = place.map { ": moved to \($0); the volume starts empty" } ?? ""
    return PageStoreError(
      .volumeLogDamaged, operation: "pageStore.log", subject: "\(path): \(failure.text)\(remedy)")
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
