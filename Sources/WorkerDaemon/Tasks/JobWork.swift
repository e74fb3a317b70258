// What the tasks of one job on one worker share: their bandwidth, and what they have brought into the cache.

import Model
import Scheduler
import Synchronization

/// A job's doings on this worker.
final class JobWork: Sendable {
  /// A file that a task counted as cached.
  struct Entry: Sendable, Hashable {
    /// The file at its version.
    var key: FileKey
    /// Its length in bytes, or that of the part.
    var length: Int64
    private var firstPage: UInt32 = 0
    private var endPage: UInt32 = 0

    /// The pages of a part of the file; nil for all of it.
    var pages: Range<UInt32>? {
      get { firstPage < endPage ? firstPage..<endPage : nil }
      set { (firstPage, endPage) = (newValue?.lowerBound ?? 0, newValue?.upperBound ?? 0) }
    }

    /// A file of its parts.
    init(key: FileKey, length: Int64) { (self.key, self.length) = (key, length) }
  }

  /// What is known of the files that the job counts on this worker.
  enum Finding: Equatable {
    /// All of them are there.
    case holds
    /// So many left the cache; `fits` is false when they never could be there all at once.
    case missing(FileCount, fits: Bool)
    /// Not every file was remembered, and some pages have left.
    case unknown
  }

  /// Files remembered at most; of a larger job nothing can be said once any page has left the cache.
  ///
  /// 32 bytes each.
  private static let entryCountMax = 4_000_000

  /// Spaces out the job's requests; nil without a bandwidth.
  let throttle: LoadThrottle?
  private struct State {
    var entries: [Entry] = []
    var bytes: Int64 = 0
    var pass: Int64 = -1
    /// Pages that had left the cache when everything was last known to be there.
    var departures: UInt64 = 0
    /// Whether there were more files than are remembered.
    var isFull = false
    /// Whether files of this pass were counted before this was made.
    var hasForgotten = false

    /// Bytes of the entries, those that were noted by two attempts counted once.
    var distinctBytes: Int64 { Set(entries).reduce(0) { $0 &+ $1.length } }
  }

  private let state = Mutex(State())
  private let lastUse: Mutex<UInt64>

  /// The doings of a job with `bandwidth` bytes a second, which begin at `now`.
  init(bandwidth: Int64?, now: UInt64) {
    throttle = bandwidth.map { LoadThrottle(bytesPerSecond: $0) }
    lastUse = Mutex(now)
  }

  /// When a task of the job last began, nanoseconds.
  var lastUsed: UInt64 { lastUse.withLock { $0 } }

  /// A task of the job begins, in its pass: a new pass looks at every file anew, and what was noted before no longer matters.
  ///
  /// `continues` says that files of the pass were counted on this worker before.
  func begin(pass: Int64, continues: Bool, now: UInt64, departures: @autoclosure () -> UInt64) {
    lastUse.withLock { $0 = now }
    state.withLock { state in
      guard pass > state.pass else { return }
      state = State(pass: pass, departures: departures(), hasForgotten: continues)
    }
  }

  /// A file is counted as cached; whoever counts it looks after this whether it still is.
  func note(_ entry: Entry) {
    state.withLock { state in
      state.bytes &+= entry.length
      if state.entries.count < Self.entryCountMax {
        state.entries.append(entry)
      } else {
        state.isFull = true
      }
    }
  }

  /// Whether everything that was noted in `pass` is in a cache of `capacity` bytes that `departures` pages have left so far.
  ///
  /// Nothing is looked at unless some page left since everything was last known to be there; else each file costs a look-up
  /// in the page index.
  func finding(
    pass: Int64, departures: UInt64, capacity: Int64, _ residentBytes: (Entry) -> Int64
  ) -> Finding {
    let known = state.withLock { $0 }
    guard pass == known.pass, !known.hasForgotten else { return .unknown }
    guard departures != known.departures else { return .holds }
    guard !known.isFull else { return .unknown }
    var missing = FileCount()
    for entry in known.entries {
      let bytes = entry.length - residentBytes(entry)
      if bytes > 0 { missing += FileCount(files: 1, bytes: bytes) }
    }
    guard missing.files > 0 else {
      state.withLock { if $0.pass == pass { $0.departures = departures } }
      return .holds
    }
    return .missing(missing, fits: known.bytes <= capacity || known.distinctBytes <= capacity)
  }
}

extension JobID {
  /// Whose turn the job's requests take at a busy UFS.
  var turns: UInt64 { high ^ low }
}
