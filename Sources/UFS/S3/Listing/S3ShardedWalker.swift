// Everything below a directory, listed in many places at once.
//
//   keys      a/1 … a/x/9 … │ b/… … c/7 … │ d/… … z        shards are ranges of keys that begin with a directory
//   shard 1   ├─page─┤├─page─┤              each is a flat walk: a page on its way, or one that waits to be taken
//   shard 2                  ├─page─┤…
//
// A shard that goes on after its second page, while there is room for more, is split: one listing by directories from where it
// stands names up to a thousand of them, and the range is cut at some. Small directories are therefore still listed a
// thousand keys a request, and a large tree has its bound of requests in flight after a few. Memory: a page per shard. The
// cursor says how far every shard was given out.

import Glibc
import Model
import Ring

/// A walk by shards: in the order of keys within each, a directory before what is in it.
// SAFETY: confined to the reactor's thread.
@safe final class S3ShardedWalker: UFSLister, @unchecked Sendable {
  /// Entries of one page.
  private static let pageSize = 1000
  /// Pages of a shard before it is split, but for the first shard's.
  private static let pageCountMin = 2
  /// Most pages between two tries to split a shard.
  private static let pagesBetweenSplitsMax = 64
  /// Directories, from the deepest on, that are asked for names to cut at.
  private static let levelCountMax = 3

  /// What one request brought.
  private struct Page {
    let shard: Int
    var entries: ArraySlice<UFSEntry>
    var leftOutCount: Int
    /// Where the shard stands when all of it was given out.
    let end: String?
    let isLast: Bool
  }

  /// A range of keys under way.
  private struct Shard {
    /// As given out so far.
    var place: S3WalkCursor.Shard
    let walker: S3Walker
    /// Whether a page of it is on its way or waits to be taken.
    var isBusy = false
    /// Pages that must come before it is split.
    var pagesUntilSplit = S3ShardedWalker.pageCountMin
    /// Pages until the next try, twice as many after each that found nowhere to cut: a flat folder has no such place.
    var pagesBetweenSplits = S3ShardedWalker.pageCountMin
  }

  private let fileSystem: S3UFS
  private let path: String
  private let reactor: Reactor
  private let shardCountMax: Int
  /// How its parts are listed.
  private let options: UFSListing
  private var shards: [Int: Shard] = [:]
  private var shardNumber = 0
  /// Shards being split: each has a request more on its way.
  private var splitCount = 0
  private var pages: [Page] = []
  private var failure: UFSError?
  private var isClosed = false
  /// Pages on their way, by shard.
  private var fetches: [Int: Task<Void, Never>] = [:]
  private var waiter: UnsafeContinuation<Void, Never>?

  /// A walk below `path` that goes on at `cursor`, with at most `shardCountMax` requests in flight.
  init(
    _ fileSystem: S3UFS, _ path: String, _ cursor: S3WalkCursor, _ options: UFSListing,
    shardCountMax: Int
  ) {
    precondition(shardCountMax > 0, "a walk has a shard")
    self.fileSystem = fileSystem
    self.path = path
    self.shardCountMax = shardCountMax
    reactor = fileSystem.requester.reactor
    unsafe waiter = nil
    self.options = options
    for place in cursor.shards { add(place, S3Walker(fileSystem, path, place, options)) }
  }

  /// A walk from the beginning, whose first page `walker` has asked for.
  init(
    _ fileSystem: S3UFS, _ path: String, _ walker: S3Walker, _ options: UFSListing,
    shardCountMax: Int
  ) {
    precondition(shardCountMax > 0, "a walk has a shard")
    self.fileSystem = fileSystem
    self.path = path
    self.shardCountMax = shardCountMax
    reactor = fileSystem.requester.reactor
    unsafe waiter = nil
    self.options = options
    add(S3WalkCursor.Shard(), walker)
    shards[0]?.pagesUntilSplit = 1
  }

  func next(max: Int) async throws(UFSError) -> UFSListingBatch? {
    precondition(max > 0, "a batch has room for an entry")
    while true {
      if let failure { throw failure }
      if isClosed {
        guard Task.isCancelled else { return nil }
        throw fileSystem.error(.unavailable, "ufs.walk", path, .errno(ECANCELED))
      }
      startPages()
      if let batch = take(max) { return batch }
      if shards.isEmpty { return nil }
      await waitForPage()
    }
  }

  func close() async { end() }

  /// Waits until a page has come, or until the walk is ended.
  private func waitForPage() async {
    await withTaskCancellationHandler {
      if Task.isCancelled { return end() }
      await unsafe withUnsafeContinuation { unsafe waiter = $0 }
    } onCancel: {
      reactor.spawn { [self] in end() }
    }
  }

  /// Ends the walk: pages on their way are not wanted any more, and nothing more is asked for.
  private func end() {
    isClosed = true
    shards = [:]
    pages = []
    for fetch in fetches.values { fetch.cancel() }
    fetches = [:]
    wake()
  }

  private func wake() {
    guard let waiter = unsafe waiter else { return }
    unsafe self.waiter = nil
    unsafe waiter.resume()
  }

  // MARK: Giving out

  /// Gives out what is at hand; nil when nothing is.
  private func take(_ max: Int) -> UFSListingBatch? {
    guard !pages.isEmpty else { return nil }
    var batch = UFSListingBatch(entries: [], leftOutCount: 0, cursor: nil)
    while batch.entries.count < max, let page = pages.first {
      let count = min(max - batch.entries.count, page.entries.count)
      batch.entries += page.entries.prefix(count)
      batch.leftOutCount += page.leftOutCount
      pages[0].leftOutCount = 0
      pages[0].entries = page.entries.dropFirst(count)
      guard pages[0].entries.isEmpty else {
        if let last = batch.entries.last { move(page.shard, to: place(of: last)) }
        break
      }
      pages.removeFirst()
      retire(page)
    }
    batch.cursor =
      S3WalkCursor(shards: shards.sorted { $0.key < $1.key }.map(\.value.place)).cursor
    return batch
  }

  /// A page was given out whole.
  private func retire(_ page: Page) {
    guard !page.isLast else { return shards[page.shard] = nil }
    if let end = page.end { move(page.shard, to: end) }
    shards[page.shard]?.isBusy = false
  }

  private func move(_ shard: Int, to token: String) {
    shards[shard]?.place.after = token
    shards[shard]?.place.from = nil
  }

  /// An entry's path below the start, as `S3Walker` says it.
  private func place(of entry: UFSEntry) -> String {
    let skipped = path.isEmpty ? 0 : path.utf8.count + 1
    let below = String(Substring(entry.path.utf8.dropFirst(skipped)))
    return entry.status.kind == .directory ? below + "/" : below
  }

  private func add(_ place: S3WalkCursor.Shard, _ walker: S3Walker) {
    shards[shardNumber] = Shard(place: place, walker: walker)
    shardNumber += 1
  }

  // MARK: Pages

  private func startPages() {
    for number in shards.keys.sorted() where shards[number]?.isBusy == false {
      shards[number]?.isBusy = true
      fetches[number] = Task(executorPreference: reactor) { [self] in await fetch(number) }
    }
  }

  private func fetch(_ number: Int) async {
    defer { fetches[number] = nil }
    guard let shard = shards[number] else { return }
    do throws(UFSError) {
      let batch = try await shard.walker.next(max: Self.pageSize)
      let first = batch?.entries.first.map(place(of:))
      let isLast = batch == nil || shard.walker.isAtEnd
      let end = batch?.cursor?.token
      if !isLast, let first, let end, mustSplit(number) {
        try await split(number, between: first, and: end)
      }
      if shards[number] != nil {
        pages.append(
          Page(
            shard: number, entries: (batch?.entries ?? [])[...],
            leftOutCount: batch?.leftOutCount ?? 0, end: end, isLast: isLast))
      }
    } catch {
      failure = failure ?? error
    }
    wake()
  }

  // MARK: Splitting

  /// Counts a page, and says whether the shard is to be split now.
  private func mustSplit(_ number: Int) -> Bool {
    shards[number]?.pagesUntilSplit -= 1
    guard let left = shards[number]?.pagesUntilSplit, left <= 0,
      shards.count + splitCount < shardCountMax
    else { return false }
    let pages = shards[number]?.pagesBetweenSplits ?? Self.pageCountMin
    shards[number]?.pagesUntilSplit = pages
    return true
  }

  /// Cuts what follows `end` in a shard at directories that come after it.
  private func split(_ number: Int, between first: String, and end: String) async throws(UFSError) {
    splitCount += 1
    defer { splitCount -= 1 }
    var directory = Self.sharedDirectory(first, end)
    for _ in 0..<Self.levelCountMax {
      let names = try await directories(
        in: directory, after: end, until: shards[number]?.place.until)
      guard names.isEmpty else { return cut(number, at: names) }
      guard !directory.isEmpty else { break }
      directory = splitPath(directory)?.directory ?? ""
    }
    guard let shard = shards[number] else { return }
    let pages = min(Self.pagesBetweenSplitsMax, 2 * shard.pagesBetweenSplits)
    shards[number]?.pagesBetweenSplits = pages
    shards[number]?.pagesUntilSplit = pages
  }

  /// Directories with their slashes, in order, in `directory` and after `end`.
  private func directories(
    in directory: String, after end: String, until: String?
  ) async throws(UFSError) -> [String] {
    let base = directory.isEmpty ? "" : directory + "/"
    let below = String(Substring(end.utf8.dropFirst(base.utf8.count)))
    var options = options
    options.cursor = UFSCursor(token: below)
    let lister = S3Lister(
      fileSystem, directory.isEmpty ? path : joinPath(path, directory), options)
    let entries = try await lister.next(max: Self.pageSize)?.entries ?? []
    return entries.compactMap { entry in
      guard entry.status.kind == .directory else { return nil }
      let name = base + entry.name + "/"
      // What the shard stands in is its own.
      guard !hasBytePrefix(end, name), isBefore(end, name) else { return nil }
      return until.map { isBefore(name, $0) } ?? true ? name : nil
    }
  }

  /// Makes shards of what comes from some of `names` on, as many as there is room for.
  private func cut(_ number: Int, at names: [String]) {
    let room = shardCountMax - shards.count - splitCount + 1
    guard room > 0, let old = shards[number] else { return }
    let count = min(room, names.count)
    // Evenly: the first part stays with the shard, unless every directory gets a shard.
    let cuts = (0..<count).map { index in
      names[count == names.count ? index : (index + 1) * names.count / (count + 1)]
    }
    shards[number]?.place.until = cuts.first
    old.walker.stop(before: cuts.first)
    for (index, start) in cuts.enumerated() {
      let until = index + 1 < cuts.count ? cuts[index + 1] : old.place.until
      let place = S3WalkCursor.Shard(from: start, until: until)
      add(place, S3Walker(fileSystem, path, place, options))
    }
  }

  /// The deepest directory, without a slash at its end, that two paths lie in.
  private static func sharedDirectory(_ left: String, _ right: String) -> String {
    var end = 0
    for (index, (one, other)) in zip(left.utf8, right.utf8).enumerated() {
      guard one == other else { break }
      if one == UInt8(ascii: "/") { end = index }
    }
    return String(Substring(left.utf8.prefix(end)))
  }
}
