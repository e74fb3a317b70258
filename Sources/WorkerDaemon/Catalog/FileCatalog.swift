// Which pages belong to which path, and since when: what names, ages and rules of cached files are found by.
//
//   fill ──note──▶ changes in memory (bounded) ──group──▶ store          f path NUL key → entry     k key → path
//                        └──────────── look-ups see both ─────────────┘
//
// Notes never wait: they come from rings. A note that is lost (a crash, a full disk, a full list) leaves pages without an
// entry; whoever needs their age takes them for expired, so that a lost note costs a fill and never a wrong byte.

import Glibc
package import Model
import Synchronization

/// The catalog of cached files.
package final class FileCatalog: Sendable {
  /// A change that the store does not have yet.
  fileprivate enum Change {
    /// Adds the entry unless there is one of its key.
    case add(CatalogEntry)
    /// Puts the entry in place of whatever there is.
    case put(CatalogEntry)
    /// Removes the entry.
    case remove
  }

  fileprivate struct State {
    var changes: [FileKey: Change] = [:]
    /// Changes that are being written.
    var writing: [FileKey: Change] = [:]
    var counters = Counters()
  }

  /// What went on in the catalog.
  package struct Counters: Sendable, Equatable {
    /// Notes that found no room.
    package var lost: UInt64 = 0
    /// Reads and writes of the store that failed.
    package var failures: UInt64 = 0
    /// Records that made no sense and were removed.
    package var damaged: UInt64 = 0
  }

  /// A part of a listing.
  package struct Listing: Sendable, Equatable {
    /// Entries by path.
    package var entries: [CatalogEntry] = []
    /// Where the next part begins; nil at the end.
    package var next: [UInt8]?
  }

  /// Changes kept in memory unless asked otherwise; more are lost, and counted.
  package static let changeCountMax = 32_768
  /// Writes to the store that go at once: what takes longer holds up those who serve on the same CPU.
  private static let batchSize = 32

  private let opened: Mutex<any CatalogStore>
  private let changeCountMax: Int
  private let state = Mutex(State())
  private let removals = RemovalMarks()
  /// Held while changes are written, so that they are in order.
  private let flushing = Mutex<Void>(())

  /// A catalog in `store`.
  package init(
    store: any CatalogStore = MemoryCatalogStore(),
    changeCountMax: Int = FileCatalog.changeCountMax
  ) {
    opened = Mutex(store)
    self.changeCountMax = changeCountMax
  }

  /// The store; another one once the catalog is closed.
  private var store: any CatalogStore { opened.withLock { $0 } }

  /// What went on so far.
  package var counters: Counters { state.withLock { $0.counters } }

  /// True when something is to be written.
  package var hasChanges: Bool { state.withLock { !$0.changes.isEmpty } }

  // MARK: Changes, from any thread, without waiting for the store

  /// A number, never 0, that changes at the latest when the entry of `key` is removed.
  func mark(of key: FileKey) -> UInt32 { removals.mark(of: key) }

  /// Says that pages of a file are cached; an entry that is there stays as it is.
  package func note(_ entry: CatalogEntry) {
    state.withLock { state in
      switch state.changes[entry.key] {
      case nil:
        guard state.changes.count < changeCountMax else {
          state.counters.lost += 1
          return
        }
        state.changes[entry.key] = .add(entry)
      case .remove: state.changes[entry.key] = .put(entry)
      case .add, .put: break
      }
    }
  }

  /// Says that nothing of a file is cached any more.
  package func remove(_ key: FileKey) {
    // Before the entry goes: a page that comes meanwhile is noted anew.
    removals.add(key)
    state.withLock { state in
      guard state.changes[key] != nil || state.changes.count < changeCountMax else {
        state.counters.lost += 1
        return
      }
      state.changes[key] = .remove
    }
  }

  // MARK: Questions; they may block

  /// The entry of a file's pages; nil without one, and when the store cannot be asked.
  package func entry(of key: FileKey) -> CatalogEntry? {
    let (change, writing) = state.withLock { ($0.changes[key], $0.writing[key]) }
    switch change {
    case .put(let entry): return entry
    case .remove: return nil
    case .add(let entry): return older(writing, key) ?? entry
    case nil: return older(writing, key)
    }
  }

  private func older(_ change: Change?, _ key: FileKey) -> CatalogEntry? {
    switch change {
    case .put(let entry): entry
    case .remove: nil
    case .add(let entry): stored(key) ?? entry
    case nil: stored(key)
    }
  }

  /// The entry as the store has it.
  private func stored(_ key: FileKey) -> CatalogEntry? {
    guard let path = read(CatalogKey.byFile(key)),
      let text = String(validating: path, as: UTF8.self),
      let value = read(CatalogKey.byPath(text, key))
    else { return nil }
    return CatalogEntry(key: key, path: text, decoding: value)
  }

  private func read(_ key: [UInt8]) -> [UInt8]? {
    do throws(CatalogError) { return try store.value(of: key) } catch {
      countFailure()
      return nil
    }
  }

  /// Counts a question that was not answered.
  func countFailure() { state.withLock { $0.counters.failures += 1 } }

  /// At most `limit` entries at `path` and below, from the place `cursor` on.
  ///
  /// Changes that the store refuses to take are told all the same; then a part may be longer.
  /// - Throws: when the store cannot be read.
  package func list(
    _ path: RulePath, from cursor: [UInt8]? = nil, limit: Int
  ) throws(CatalogError) -> Listing {
    var pending: [FileKey: Change] = [:]
    do throws(CatalogError) { try flush() } catch {
      pending = state.withLock { $0.changes }
    }
    let range = CatalogKey.range(of: path)
    var start = range.start
    if let cursor, start.lexicographicallyPrecedes(cursor) { start = cursor }
    let records = try store.scan(from: start, before: range.end, limit: limit)
    var listing = try listing(of: records, at: path)
    if records.count == limit, let last = records.last { listing.next = last.key + [0] }
    if !pending.isEmpty {
      listing.lay(pending, over: path, from: start, before: listing.next ?? range.end)
    }
    return listing
  }

  private func listing(
    of records: [CatalogRecord], at path: RulePath
  ) throws(CatalogError) -> Listing {
    var listing = Listing()
    for record in records {
      guard let (text, key) = CatalogKey.parse(record.key),
        let entry = CatalogEntry(key: key, path: text, decoding: record.value)
      else {
        state.withLock { $0.counters.damaged += 1 }
        try store.write([.remove(key: record.key)])
        continue
      }
      // A path may lie between a directory's and its children's by bytes: /a! between /a and /a/b.
      if path.contains(RulePath(entry.path)) { listing.entries.append(entry) }
    }
    return listing
  }

  /// Calls `body` with every entry at `path` and below, in parts; blocks.
  ///
  /// - Throws: when the store cannot be read.
  package func forEach(
    _ path: RulePath, _ body: (CatalogEntry) -> Void
  ) throws(CatalogError) {
    var cursor: [UInt8]?
    repeat {
      let listing = try list(path, from: cursor, limit: 1024)
      listing.entries.forEach(body)
      cursor = listing.next
    } while cursor != nil
  }

  /// Writes the changes so far; blocks.
  ///
  /// - Throws: when the store cannot be written: the changes wait for the next time.
  package func flush() throws(CatalogError) {
    try flushing.withLock { (_: inout Void) throws(CatalogError) in
      let changes = state.withLock { state in
        swap(&state.changes, &state.writing)
        return state.writing
      }
      guard !changes.isEmpty else { return }
      do throws(CatalogError) {
        try write(changes)
      } catch {
        state.withLock { $0.takeBack() }
        throw error
      }
      state.withLock { $0.writing = [:] }
    }
  }

  /// Writes `changes` in short pieces, between which whoever serves on this CPU goes first; each may be written again.
  private func write(_ changes: [FileKey: Change]) throws(CatalogError) {
    var batch: [CatalogWrite] = []
    for (key, change) in changes {
      if batch.count >= Self.batchSize {
        try store.write(batch)
        batch.removeAll(keepingCapacity: true)
        sched_yield()
      }
      let path = try store.value(of: CatalogKey.byFile(key))
        .flatMap { String(validating: $0, as: UTF8.self) }
      switch change {
      case .add(var entry):
        if let path, let value = try store.value(of: CatalogKey.byPath(path, key)),
          let known = CatalogEntry(key: key, path: path, decoding: value)
        {
          if path.utf8.elementsEqual(entry.path.utf8) { continue }
          // The mount moved; the pages did not get younger by that.
          entry.cachedAt = min(entry.cachedAt, known.cachedAt)
        }
        put(entry, over: path, in: &batch)
      case .put(let entry): put(entry, over: path, in: &batch)
      case .remove:
        guard let path else { continue }
        batch.append(.remove(key: CatalogKey.byPath(path, key)))
        batch.append(.remove(key: CatalogKey.byFile(key)))
      }
    }
    if !batch.isEmpty { try store.write(batch) }
  }

  private func put(_ entry: CatalogEntry, over path: String?, in batch: inout [CatalogWrite]) {
    if let path, !path.utf8.elementsEqual(entry.path.utf8) {
      batch.append(.remove(key: CatalogKey.byPath(path, entry.key)))
    }
    batch.append(.put(key: CatalogKey.byFile(entry.key), value: Array(entry.path.utf8)))
    batch.append(.put(key: CatalogKey.byPath(entry.path, entry.key), value: entry.encoded))
  }

  /// Writes what is left and lets go of the store.
  package func close() {
    do throws(CatalogError) { try flush() } catch { countFailure() }
    let last = store
    last.close()
    // The database closes when it is dropped, so not under the feet of someone who still reads.
    opened.withLock { $0 = MemoryCatalogStore() }
  }
}

extension FileCatalog.State {
  /// Puts changes that could not be written back among those to be written; later ones win.
  fileprivate mutating func takeBack() {
    counters.failures += 1
    for (key, change) in writing {
      switch (changes[key], change) {
      case (nil, _): changes[key] = change
      // What was to be put came first.
      case (.add, .put), (.add, .add): changes[key] = change
      case (.add(let entry), .remove): changes[key] = .put(entry)
      case (.put, _), (.remove, _): break
      }
    }
    writing = [:]
  }
}

extension FileCatalog.Listing {
  /// Puts `changes` that lie at `path`, from the place `start` on and before `end`, in the place of what was read.
  fileprivate mutating func lay(
    _ changes: [FileKey: FileCatalog.Change], over path: RulePath, from start: [UInt8],
    before end: [UInt8]
  ) {
    var merged = Dictionary(entries.map { ($0.key, $0) }) { first, _ in first }
    for (key, change) in changes {
      switch change {
      case .remove: merged[key] = nil
      case .put(let entry), .add(let entry):
        let place = CatalogKey.byPath(entry.path, key)
        guard path.contains(RulePath(entry.path)), !place.lexicographicallyPrecedes(start),
          place.lexicographicallyPrecedes(end)
        else { continue }
        if case .put = change { merged[key] = entry } else { merged[key] = merged[key] ?? entry }
      }
    }
    entries = merged.values.sorted {
      CatalogKey.byPath($0.path, $0.key).lexicographicallyPrecedes(
        CatalogKey.byPath($1.path, $1.key))
    }
  }
}
