// Bringing what is cached into line with the rules: after a change, at intervals, and by hand.

import LocalWire
import Model
import PageStore

/// What a walk over cached files did.
package struct PolicyOutcome: Sendable, Equatable {
  /// Cached files that were looked at.
  package var files = 0
  /// Their bytes.
  package var bytes: Int64 = 0
  /// Files whose pages were dropped.
  package var droppedFiles = 0
  /// Bytes of those pages.
  package var droppedBytes: Int64 = 0
  /// Files left alone because they are pinned.
  package var pinnedFiles = 0
  /// Their bytes.
  package var pinnedBytes: Int64 = 0

  /// Nothing yet.
  package init() {}
}

extension CachePolicies {
  /// Makes the cached files at `path` and below obey the rules as they are now; blocks.
  ///
  /// Drops what is over its time and what is no longer to be cached, tells the store what is pinned and how dear it is,
  /// and forgets files of which nothing is cached any more.
  /// - Throws: when the catalog cannot be read.
  @discardableResult
  package func enforce(at path: RulePath = .root) throws(CatalogError) -> PolicyOutcome {
    var outcome = PolicyOutcome()
    let now = now
    var pinnable = pinned.limit
    var path = path
    if !book.rules.pins.isEmpty {
      recountPinned()
      // More than may be pinned: whose pages are depends on all of them.
      if (pinned.used ?? .max) > pinned.limit { path = .root }
    }
    try catalog.forEach(path) { entry in
      let bytes = store.residentBytes(of: entry.key)
      guard bytes > 0 else { return forget(entry) }
      outcome.files += 1
      outcome.bytes += bytes
      let decision = decide(entry)
      let isOver = now >= expiry(decision, cachedAt: entry.cachedAt)
      guard isOver || !decision.isCached else {
        return apply(decision, to: entry, bytes, &pinnable)
      }
      drop(entry, counting: &outcome)
      if isOver {
        counters.update {
          $0.expiredFiles += 1
          $0.expiredBytes += UInt64(bytes)
        }
      }
    }
    return outcome
  }

  /// Drops the cached files at `path` and below, pinned ones only when `forced`; blocks.
  ///
  /// Freeing everything also frees what no entry names.
  /// - Throws: when the catalog cannot be read.
  package func free(
    _ path: RulePath, forced: Bool
  ) throws(CatalogError) -> PolicyOutcome {
    var outcome = PolicyOutcome()
    try catalog.forEach(path) { entry in
      let bytes = store.residentBytes(of: entry.key)
      guard bytes > 0 else { return forget(entry) }
      outcome.files += 1
      outcome.bytes += bytes
      if !forced, decide(entry).isPinned {
        outcome.pinnedFiles += 1
        outcome.pinnedBytes += bytes
      } else {
        drop(entry, counting: &outcome)
      }
    }
    if path == .root { freeUnnamed(counting: &outcome) }
    return outcome
  }

  /// Drops pages that the catalog has lost sight of: nobody can say which rules hold for them.
  private func freeUnnamed(counting outcome: inout PolicyOutcome) {
    for file in store.residentFiles() where catalog.entry(of: file.file) == nil {
      outcome.files += 1
      outcome.bytes += file.bytes
      outcome.droppedBytes += Int64(store.drop(file.file))
      watch.end(file.file, .freed)
      outcome.droppedFiles += 1
    }
  }

  /// Finds the pages that an earlier life left without a name; blocks.
  ///
  /// After ``finishRestoring()``.
  ///
  /// - Parameter named: files that the catalog names and of which something is cached.
  func findUnnamed(named: Int) {
    guard store.statistics.files > named else { return }
    unnamed.set(
      store.residentFiles().lazy.filter { self.catalog.entry(of: $0.file) == nil }.map(\.file))
  }

  private func drop(_ entry: CatalogEntry, counting outcome: inout PolicyOutcome) {
    catalog.remove(entry.key)
    outcome.droppedBytes += Int64(store.drop(entry.key))
    watch.end(entry.key, .freed)
    outcome.droppedFiles += 1
  }

  /// Forgets an entry of whose file nothing is cached.
  private func forget(_ entry: CatalogEntry) {
    if isRestoring { return }
    catalog.remove(entry.key)
    // A page that came between the look and the removal keeps its entry.
    if store.residentBytes(of: entry.key) > 0 { catalog.note(entry) }
  }

  /// Tells the store what the rules say of a file's pages, of which at most `pinnable` bytes are pinned.
  private func apply(
    _ decision: RuleDecision, to entry: CatalogEntry, _ bytes: Int64, _ pinnable: inout Int64
  ) {
    var traits = decision.traits
    if traits.isPinned {
      traits.isPinned = bytes <= pinnable
      if traits.isPinned { pinnable -= bytes }
    }
    store.setTraits(traits, of: entry.key)
  }
}
