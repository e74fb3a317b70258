// What the tasks of one job on one worker share: their bandwidth, and what they have brought into the cache.

import Model
import Scheduler
import Synchronization

/// A job's doings on this worker.
final class JobWork: Sendable {
  /// A file that a task counted as cached.
  struct Entry: Sendable {
    /// The file at its version.
    var key: FileKey
    /// Its length in bytes.
    var length: Int64
  }

  /// Files remembered at most, and with that the files whose loss is noticed.
  ///
  /// 24 bytes each. Of a larger job the first ones are, which eviction takes first.
  private static let entryCountMax = 4_000_000

  /// Spaces out the job's requests; nil without a bandwidth.
  let throttle: LoadThrottle?
  private struct State {
    var entries: [Entry] = []
    var pass: Int64 = 0
    var evictions: UInt64 = 0
    var lookedAt: UInt64 = 0
  }

  /// Up to so many files are looked at whenever a task ends; more of them at most once in `interval` nanoseconds.
  private static let alwaysCount = 100_000
  private static let interval: UInt64 = 10_000_000_000

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
  func begin(pass: Int64, now: UInt64) {
    lastUse.withLock { $0 = now }
    state.withLock { state in
      guard pass > state.pass else { return }
      state.pass = pass
      state.entries = []
    }
  }

  /// A file is counted as cached.
  func note(_ entry: Entry) {
    state.withLock { if $0.entries.count < Self.entryCountMax { $0.entries.append(entry) } }
  }

  /// Files that were counted as cached and are no longer, with the bytes missing; they are forgotten.
  ///
  /// Nothing is looked at unless something was evicted since the last time. Costs a look-up in the page index for each file.
  func takeLost(
    evictions: UInt64, now: UInt64, _ residentBytes: (FileKey) -> Int64
  ) -> (files: Int64, bytes: Int64) {
    let all = state.withLock { state -> [Entry] in
      guard evictions != state.evictions else { return [] }
      let isDue =
        state.entries.count <= Self.alwaysCount || now &- state.lookedAt >= Self.interval
      guard isDue else { return [] }
      defer { state.entries = [] }
      (state.evictions, state.lookedAt) = (evictions, now)
      return state.entries
    }
    guard !all.isEmpty else { return (0, 0) }
    var lost: (files: Int64, bytes: Int64) = (0, 0)
    let kept = all.filter { entry in
      let missing = entry.length - residentBytes(entry.key)
      guard missing > 0 else { return true }
      lost = (lost.files + 1, lost.bytes &+ missing)
      return false
    }
    state.withLock { $0.entries = kept + $0.entries }
    return lost
  }
}

extension JobID {
  /// Whose turn the job's requests take at a busy UFS.
  var turns: UInt64 { high ^ low }
}
