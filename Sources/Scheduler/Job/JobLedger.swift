// The books of a job. At every instant, in files and in bytes:
//
//   listed = loaded + skipped + failed + in flight
//
// Only the last three terms are kept; `listed` is their sum by construction.

/// Exact counts of one pass over a job's files.
package struct JobLedger: Equatable, Sendable {
  /// In the cache, or at the target, because of this job or found there.
  package private(set) var loaded = FileCount()
  /// Found there and left alone.
  package private(set) var skipped = FileCount()
  /// Given up.
  package private(set) var failed = FileCount()
  /// Listed and not yet settled.
  package private(set) var inFlight = FileCount()
  /// Loaded files that have bytes.
  package private(set) var loadedNonEmpty: Int64 = 0

  /// Empty books.
  package init() {}

  /// Books of settled files, as a store keeps them.
  package init(loaded: FileCount, skipped: FileCount, failed: FileCount, loadedNonEmpty: Int64) {
    self.loaded = loaded
    self.skipped = skipped
    self.failed = failed
    self.loadedNonEmpty = loadedNonEmpty
  }

  /// Everything the listing gave so far.
  package var listed: FileCount { settled + inFlight }

  /// Everything that is done with.
  package var settled: FileCount { loaded + skipped + failed }

  /// A file of `bytes` was listed.
  package mutating func list(bytes: Int64) { inFlight += FileCount(files: 1, bytes: bytes) }

  /// A file in flight, listed with `listed` bytes, is there with `bytes`.
  package mutating func load(listed: Int64, bytes: Int64) {
    inFlight -= FileCount(files: 1, bytes: listed)
    loaded += FileCount(files: 1, bytes: bytes)
    if bytes > 0 { loadedNonEmpty &+= 1 }
  }

  /// A file in flight was there already.
  package mutating func skip(bytes: Int64) {
    inFlight -= FileCount(files: 1, bytes: bytes)
    skipped += FileCount(files: 1, bytes: bytes)
  }

  /// A file in flight is given up.
  package mutating func fail(bytes: Int64) {
    inFlight -= FileCount(files: 1, bytes: bytes)
    failed += FileCount(files: 1, bytes: bytes)
  }

  /// Files that no listing gave were dealt with: what a FREE found.
  package mutating func add(loaded count: FileCount) { loaded += count }

  /// Entries that cannot be loaded were listed: names that are no text, links that lead nowhere.
  package mutating func add(failed count: FileCount) { failed += count }

  /// The job ends early and gives back what is in flight.
  ///
  /// - Returns: what was given back.
  package mutating func giveBack() -> FileCount {
    defer { inFlight = FileCount() }
    return inFlight
  }

  /// Takes over what a complete verification found: its failures are what is missing, the rest of its listing is there.
  package mutating func conclude(_ pass: JobLedger) {
    let there = pass.loaded + pass.skipped
    let kept = FileCount(
      files: min(skipped.files, there.files), bytes: min(skipped.bytes, there.bytes))
    failed = pass.failed
    skipped = kept
    loaded = there - kept
    loadedNonEmpty = min(loaded.files, max(loadedNonEmpty, pass.loadedNonEmpty))
    inFlight = FileCount()
  }

  /// Whether nothing is negative.
  package var isSound: Bool {
    [loaded, skipped, failed, inFlight].allSatisfy { $0.files >= 0 && $0.bytes >= 0 }
  }
}
