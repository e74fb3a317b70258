// The books of a load job. At every instant, in files and in bytes:
//
//   listed = loaded + skipped + failed + pending

/// Exact counts of a load job; every change keeps the books balanced.
package struct LoadLedger: Equatable, Sendable {
  /// Everything the listing gave so far.
  package private(set) var listed = LoadCount()
  /// In the cache because of this job, or found there.
  package private(set) var loaded = LoadCount()
  /// Found in the cache and left alone (skip-if-exists).
  package private(set) var skipped = LoadCount()
  /// Given up.
  package private(set) var failed = LoadCount()
  /// Listed and not yet settled.
  package private(set) var pending = LoadCount()
  /// Ranges asked for.
  package private(set) var subtasks: Int64 = 0
  /// Ranges given up.
  package private(set) var failedSubtasks: Int64 = 0
  /// Ranges asked for again.
  package private(set) var retriedSubtasks: Int64 = 0
  /// Ranges waiting for another attempt now.
  package private(set) var retrying: Int64 = 0

  /// Empty books.
  package init() {}

  /// A file of `bytes` was listed.
  package mutating func list(bytes: Int64) {
    listed.files &+= 1
    listed.bytes &+= bytes
    pending.files &+= 1
    pending.bytes &+= bytes
  }

  /// `bytes` of a pending file are in the cache.
  package mutating func load(bytes: Int64) {
    pending.bytes &-= bytes
    loaded.bytes &+= bytes
  }

  /// A pending file, all of whose bytes are settled, is loaded.
  package mutating func finishLoaded() {
    pending.files &-= 1
    loaded.files &+= 1
  }

  /// A pending file of `bytes`, none of them settled, is wholly cached and left alone.
  package mutating func skip(bytes: Int64) {
    pending.files &-= 1
    pending.bytes &-= bytes
    skipped.files &+= 1
    skipped.bytes &+= bytes
  }

  /// A pending file is given up with `unsettled` bytes still open.
  package mutating func fail(unsettled: Int64) {
    pending.files &-= 1
    pending.bytes &-= unsettled
    failed.files &+= 1
    failed.bytes &+= unsettled
  }

  /// A settled file turns out to miss `bytes` of its pages.
  package mutating func lose(bytes: Int64, wasSkipped: Bool) {
    unsettle(bytes: bytes, wasSkipped: wasSkipped)
    failed.files &+= 1
    failed.bytes &+= bytes
  }

  /// A settled file is taken up again with all its `bytes` open.
  package mutating func reopen(bytes: Int64, wasSkipped: Bool) {
    unsettle(bytes: bytes, wasSkipped: wasSkipped)
    pending.files &+= 1
    pending.bytes &+= bytes
  }

  /// A pending file with `loaded` of its bytes settled has another version of `bytes`, all of them open.
  package mutating func relist(oldBytes: Int64, loaded settled: Int64, bytes: Int64) {
    listed.bytes &+= bytes &- oldBytes
    loaded.bytes &-= settled
    pending.bytes &+= bytes &- (oldBytes &- settled)
  }

  /// A range is asked for.
  package mutating func attempt() { subtasks &+= 1 }

  /// A range waits for another attempt.
  package mutating func beginRetry() {
    retrying &+= 1
    retriedSubtasks &+= 1
  }

  /// A range that waited is asked for again or given up.
  package mutating func endRetry() { retrying &-= 1 }

  /// A range is given up.
  package mutating func failSubtask() { failedSubtasks &+= 1 }

  /// Files settled one way or another.
  package var processedFiles: Int64 { loaded.files + skipped.files + failed.files }

  private mutating func unsettle(bytes: Int64, wasSkipped: Bool) {
    if wasSkipped {
      skipped.files &-= 1
      skipped.bytes &-= bytes
      return
    }
    loaded.files &-= 1
    loaded.bytes &-= bytes
  }

  /// Whether the books balance and nothing is negative.
  package var isBalanced: Bool {
    let all = [listed, loaded, skipped, failed, pending]
    return listed.files == loaded.files + skipped.files + failed.files + pending.files
      && listed.bytes == loaded.bytes &+ skipped.bytes &+ failed.bytes &+ pending.bytes
      && all.allSatisfy { $0.files >= 0 && $0.bytes >= 0 } && retrying >= 0
  }
}
