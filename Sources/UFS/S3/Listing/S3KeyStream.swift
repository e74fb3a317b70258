// The keys of a listing, one page in memory.
//
//   page ─ objects a, c …  ┐ merged by key: a, b/, c …
//        ─ prefixes b/ …   ┘                            at the end: the next page, until the store says that it was the last

import Model

/// Objects and common prefixes of a listing in the order of their keys.
struct S3KeyStream: ~Copyable {
  /// One key.
  enum Item {
    case object(S3ListPage.Object)
    case prefix(String)

    /// What it is sorted by.
    var key: String {
      switch self {
      case .object(let object): object.key
      case .prefix(let prefix): prefix
      }
    }
  }

  private var query: S3ListQuery
  private var page = S3ListPage()
  private var objectIndex = 0
  private var prefixIndex = 0
  /// Whether the store has more pages.
  private(set) var hasMore = true
  /// The key that the listing began after.
  private let start: String
  /// The last key given out.
  private var last: String
  /// Keys that are no text, since this was last taken.
  private var unreadableCount = 0

  /// A stream that begins after `query.after`.
  init(_ query: S3ListQuery) {
    self.query = query
    start = query.after
    last = query.after
  }

  /// Whether the page in memory has been given out.
  private var isPageDone: Bool {
    objectIndex == page.objects.count && prefixIndex == page.prefixes.count
  }

  /// The next key; nil at the end.
  ///
  /// - Throws: What the store answers; `.io` when a listing does not get on.
  mutating func next(
    _ fileSystem: S3UFS, _ path: String, _ operation: StaticString
  ) async throws(UFSError) -> Item? {
    while true {
      while isPageDone {
        guard hasMore else { return nil }
        try await fetch(fileSystem, path, operation)
      }
      let item = takeFirst()
      // A resumed listing may name once more what it goes on after; so may a page the prefix that the last one ended in.
      if !start.isEmpty, !isBefore(start, item.key) { continue }
      if isSameText(last, item.key) { continue }
      guard last.isEmpty || isBefore(last, item.key) else {
        // Going on would leave keys out, or list them twice.
        throw fileSystem.error(
          .io, operation, path, .store(status: 200, code: "DisorderedListing"))
      }
      last = item.key
      return item
    }
  }

  /// Whether there is a key to come, one that is no text too; a page without any is not the end.
  mutating func hasKeys(
    _ fileSystem: S3UFS, _ path: String, _ operation: StaticString
  ) async throws(UFSError) -> Bool {
    while isPageDone, unreadableCount == 0 {
      guard hasMore else { return false }
      try await fetch(fileSystem, path, operation)
    }
    return true
  }

  /// Keys passed over because they are no text, since the last call.
  mutating func takeUnreadableCount() -> Int {
    defer { unreadableCount = 0 }
    return unreadableCount
  }

  /// Whether `next` would return without asking the store.
  var hasBuffered: Bool { !isPageDone }

  private mutating func takeFirst() -> Item {
    if prefixIndex < page.prefixes.count {
      let prefix = page.prefixes[prefixIndex]
      let isFirst =
        objectIndex == page.objects.count || isBefore(prefix, page.objects[objectIndex].key)
      if isFirst {
        prefixIndex += 1
        return .prefix(prefix)
      }
    }
    objectIndex += 1
    return .object(page.objects[objectIndex - 1])
  }

  private mutating func fetch(
    _ fileSystem: S3UFS, _ path: String, _ operation: StaticString
  ) async throws(UFSError) {
    page = try await fileSystem.listPage(query, path, operation)
    objectIndex = 0
    prefixIndex = 0
    unreadableCount += page.unreadableCount
    hasMore = page.isTruncated
    guard hasMore else { return }
    if fileSystem.options.listsVersion1 {
      let marker = page.marker.isEmpty ? lastKey ?? "" : page.marker
      guard !marker.isEmpty, !isSameText(query.after, marker) else {
        throw fileSystem.error(.io, operation, path, .store(status: 200, code: "StuckListing"))
      }
      query.after = marker
    } else {
      let token = page.continuation
      guard !token.isEmpty, !isSameText(token, query.continuation) else {
        throw fileSystem.error(.io, operation, path, .store(status: 200, code: "StuckListing"))
      }
      query.continuation = token
    }
  }

  /// The last key of the page in memory.
  private var lastKey: String? {
    let object = page.objects.last?.key
    let prefix = page.prefixes.last
    guard let object else { return prefix }
    guard let prefix else { return object }
    return isBefore(object, prefix) ? prefix : object
  }
}
