// Everything below a directory in one flat listing.
//
//   keys      a-b    a/b-c    a/b/c      a/b/d/e        z
//   entries   a-b    a/       a/b-c  a/b/  a/b/c  …     z     a directory comes with the first key below it
//
// Keys are in the order of bytes, so that the keys below a directory come one after the other, and the directories that are
// open are those that the last entry lies in: the cursor says them all.

import Model

/// A walk in the order of keys whatever order is asked for.
///
/// The cursor is the last path below the start, with a slash when it is a directory's.
final class S3Walker: UFSLister {
  private let fileSystem: S3UFS
  private let path: String
  private let base: String
  private var stream: S3KeyStream
  private var isDone = false
  /// What was given out last, below the base: its directories are known.
  private var last: String
  /// A key whose directories or itself had no room in the last batch.
  private var pending: S3ListPage.Object?
  /// Keys before this are another walk's.
  private var from: String?
  /// Keys from this on are another walk's.
  private var until: String?

  /// A walk below `path`, after the cursor of `options` if it has one.
  init(_ fileSystem: S3UFS, _ path: String, _ options: UFSListing) {
    self.fileSystem = fileSystem
    self.path = path
    base = fileSystem.directoryKey(path)
    var query = S3ListQuery(
      prefix: base, delimiter: nil, keyCountMax: fileSystem.options.listingLength, options)
    last = options.cursor?.token ?? ""
    if options.cursor != nil { query.after = base + last }
    stream = S3KeyStream(query)
  }

  /// A walk over one shard of what is below `path`, which says itself where it begins.
  convenience init(
    _ fileSystem: S3UFS, _ path: String, _ shard: S3WalkCursor.Shard, _ options: UFSListing
  ) {
    var start = shard.after
    if let from = shard.from {
      // Behind all that sorts before the directory: a dot is what comes before a slash.
      start = String(Substring(from.utf8.dropLast())) + ".\u{10FFFF}"
    }
    var options = options
    options.cursor = start.map { UFSCursor(token: $0) }
    self.init(fileSystem, path, options)
    from = shard.from.map { base + $0 }
    stop(before: shard.until)
  }

  /// Leaves what begins with the directory `end`, given below the start with its slash, to another walk.
  func stop(before end: String?) {
    until = end.map { base + $0 }
    if let object = pending, isBeyond(object) { isDone = true }
  }

  private func isBeyond(_ object: S3ListPage.Object) -> Bool {
    until.map { !isBefore(object.key, $0) } ?? false
  }

  /// Asks for the first page; false when no key is there.
  func begin() async throws(UFSError) -> Bool {
    pending = try await nextObject()
    return pending != nil
  }

  func next(max: Int) async throws(UFSError) -> UFSListingBatch? {
    precondition(max > 0, "a batch has room for an entry")
    guard !isDone else { return nil }
    var batch = UFSListingBatch(entries: [], leftOutCount: 0, cursor: nil)
    while batch.entries.count < max {
      if !batch.entries.isEmpty, pending == nil, !stream.hasBuffered { break }
      if pending == nil { pending = try await nextObject() }
      guard let object = pending else {
        isDone = true
        break
      }
      if add(object, to: &batch, max: max) { pending = nil }
    }
    batch.leftOutCount += stream.takeUnreadableCount()
    if batch.entries.isEmpty, batch.leftOutCount == 0, isDone { return nil }
    if !last.isEmpty { batch.cursor = UFSCursor(token: last) }
    return batch
  }

  /// Whether nothing is left: known without asking when the last page said so.
  var isAtEnd: Bool { isDone || pending == nil && !stream.hasBuffered && !stream.hasMore }

  func close() async { isDone = true }

  private func nextObject() async throws(UFSError) -> S3ListPage.Object? {
    while let item = try await stream.next(fileSystem, path, "ufs.walk") {
      guard case .object(let object) = item else { continue }
      if let from, isBefore(object.key, from) { continue }
      return isBeyond(object) ? nil : object
    }
    return nil
  }

  /// Adds the directories that `object` is the first key of, and the object; false when there was no room for all.
  private func add(
    _ object: S3ListPage.Object, to batch: inout UFSListingBatch, max: Int
  ) -> Bool {
    guard hasBytePrefix(object.key, base) else { return true }
    let below = String(Substring(object.key.utf8.dropFirst(base.utf8.count)))
    if below.isEmpty { return true }
    let isMarker = below.utf8.last == UInt8(ascii: "/")
    let name = isMarker ? String(Substring(below.utf8.dropLast())) : below
    let whole = joinPath(path, name)
    guard S3Path.brokenRule(whole) == nil,
      let version = S3Version.version(entityTag: object.entityTag, length: object.length)
    else {
      batch.leftOutCount += 1
      return true
    }
    // Directories on the way, shortest first, that the last entry does not lie in.
    var cut = below.utf8.startIndex
    while let slash = below.utf8[cut...].firstIndex(of: UInt8(ascii: "/")) {
      cut = below.utf8.index(after: slash)
      let directory = String(below[..<cut])
      if hasBytePrefix(last, directory) { continue }
      guard batch.entries.count < max else { return false }
      batch.entries.append(directoryEntry(directory))
      last = directory
    }
    if isMarker { return true }
    guard batch.entries.count < max else { return false }
    batch.entries.append(
      UFSEntry(
        name: splitPath(whole)?.name ?? whole, path: whole,
        status: fileSystem.fileStatus(whole, version, modified: object.modified)))
    last = below
    return true
  }

  /// The entry of a directory, given below the base with its slash.
  private func directoryEntry(_ directory: String) -> UFSEntry {
    let whole = joinPath(path, String(Substring(directory.utf8.dropLast())))
    return UFSEntry(
      name: splitPath(whole)?.name ?? whole, path: whole,
      status: fileSystem.directoryStatus(whole))
  }
}
