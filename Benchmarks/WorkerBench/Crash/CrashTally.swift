// What the reads of a crash bench came to, counted by all threads.

import Synchronization

/// Sums of reads, and what went wrong.
final class CrashTally: Sendable {
  /// The sums.
  struct Sums: Sendable {
    /// Reads that ended right, and their bytes.
    var reads = 0
    var bytes = 0
    /// Bytes that were not what was written.
    var wrongBytes = 0
    /// The first things that went wrong, in words.
    var problems: [String] = []
    /// Number of all of them.
    var problemCount = 0
  }

  private static let problemCountMax = 20
  private let state = Mutex(Sums())

  /// The sums so far.
  var sums: Sums { state.withLock { $0 } }

  /// Counts a read; a failure is none once `isExcused`.
  func count(_ outcome: CrashReader.Outcome, isExcused: Bool = false) {
    switch outcome {
    case .right(let bytes):
      state.withLock {
        $0.reads += 1
        $0.bytes += bytes ?? 0
      }
    case .wrong(let bytes, let what):
      state.withLock { $0.wrongBytes += bytes }
      note(what)
    case .failed(let what): if !isExcused { note(what) }
    }
  }

  /// Notes something that went wrong.
  func note(_ problem: String) {
    state.withLock {
      $0.problemCount += 1
      if $0.problems.count < Self.problemCountMax { $0.problems.append(problem) }
    }
  }
}
