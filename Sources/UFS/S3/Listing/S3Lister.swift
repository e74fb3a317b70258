// The direct children of a directory.

import Model

/// A listing of one directory, in the order of keys whatever order is asked for.
///
/// The cursor is the last name, with a slash when it is a directory's.
final class S3Lister: UFSLister {
  private let fileSystem: S3UFS
  private let path: String
  private let base: String
  private var stream: S3KeyStream
  private var isDone = false
  /// Whether any key was seen, the directory's own marker included.
  private(set) var hasSeenKey = false
  private var peeked: S3KeyStream.Item?

  /// A listing of `path`, after the cursor of `options` if it has one.
  init(_ fileSystem: S3UFS, _ path: String, _ options: UFSListing) {
    self.fileSystem = fileSystem
    self.path = path
    base = fileSystem.directoryKey(path)
    var query = S3ListQuery(
      prefix: base, delimiter: "/", keyCountMax: fileSystem.options.listingLength, options)
    if let cursor = options.cursor { query.after = base + cursor.token }
    stream = S3KeyStream(query)
  }

  /// Asks for the first page, so that a directory that is not there is found out at once.
  func begin() async throws(UFSError) {
    peeked = try await stream.next(fileSystem, path, "ufs.list")
    hasSeenKey = peeked != nil
  }

  func next(max: Int) async throws(UFSError) -> UFSListingBatch? {
    precondition(max > 0, "a batch has room for an entry")
    guard !isDone else { return nil }
    var batch = UFSListingBatch(entries: [], leftOutCount: 0, cursor: nil)
    var end: String?
    while batch.entries.count < max {
      // What is in memory is given out before the store is asked again.
      if !batch.entries.isEmpty, peeked == nil, !stream.hasBuffered { break }
      guard let item = try await nextItem() else {
        isDone = true
        break
      }
      end = item.key
      if let entry = entry(item) {
        batch.entries.append(entry)
      } else if !isSameText(item.key, base) {
        batch.leftOutCount += 1
      }
    }
    batch.leftOutCount += stream.takeUnreadableCount()
    guard let end else { return batch.leftOutCount > 0 ? batch : nil }
    batch.cursor = UFSCursor(token: String(Substring(end.utf8.dropFirst(base.utf8.count))))
    return batch.entries.isEmpty && batch.leftOutCount == 0 && isDone ? nil : batch
  }

  func close() async { isDone = true }

  private func nextItem() async throws(UFSError) -> S3KeyStream.Item? {
    if let item = peeked {
      peeked = nil
      return item
    }
    return try await stream.next(fileSystem, path, "ufs.list")
  }

  /// The entry of a key; nil for the directory's own marker and for what no path can name.
  private func entry(_ item: S3KeyStream.Item) -> UFSEntry? {
    guard hasBytePrefix(item.key, base) else { return nil }
    let rest = item.key.utf8.dropFirst(base.utf8.count)
    switch item {
    case .object(let object):
      let name = String(Substring(rest))
      let below = joinPath(path, name)
      guard !name.isEmpty, S3Path.brokenRule(below) == nil,
        let version = S3Version.version(entityTag: object.entityTag, length: object.length)
      else { return nil }
      return UFSEntry(
        name: name, path: below,
        status: fileSystem.fileStatus(below, version, modified: object.modified))
    case .prefix:
      guard rest.last == UInt8(ascii: "/") else { return nil }
      let name = String(Substring(rest.dropLast()))
      let below = joinPath(path, name)
      guard !name.isEmpty, S3Path.brokenRule(below) == nil else { return nil }
      return UFSEntry(name: name, path: below, status: fileSystem.directoryStatus(below))
    }
  }
}
