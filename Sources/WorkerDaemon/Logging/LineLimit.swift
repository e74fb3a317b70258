// Lines of the log that come again and again: the first of a kind at once, then one for each interval that counts the others.

import Synchronization

/// Says which of many lines of a kind are worth a line.
final class LineLimit: Sendable {
  /// Whether a line is told.
  enum Turn: Equatable {
    /// It is, with so many of its kind that were not told since the last one.
    case tell(suppressed: UInt64)
    /// It is counted.
    case keepQuiet
  }

  private struct Kind {
    var toldAt: UInt64
    var suppressed: UInt64 = 0
  }

  /// Kinds told apart; beyond that the oldest is forgotten.
  static let kindCountMax = 256

  private let interval: UInt64
  private let kinds = Mutex<[String: Kind]>([:])

  /// A limit of one line of a kind in `interval` nanoseconds.
  init(interval: UInt64) { self.interval = interval }

  /// Whether a line of the kind `word` is told at `now`, in monotonic nanoseconds; `count` lines in one are.
  func turn(of word: String, now: UInt64, count: UInt64 = 1) -> Turn {
    kinds.withLock { kinds in
      if let known = kinds[word], now &- known.toldAt < interval {
        kinds[word]?.suppressed += count
        return .keepQuiet
      }
      if kinds[word] == nil, kinds.count >= Self.kindCountMax,
        let oldest = kinds.min(by: { $0.value.toldAt < $1.value.toldAt })
      {
        kinds[oldest.key] = nil
      }
      let suppressed = (kinds[word]?.suppressed ?? 0) + count - min(count, 1)
      kinds[word] = Kind(toldAt: now)
      return .tell(suppressed: suppressed)
    }
  }

  /// The kinds of which lines were counted and whose interval is over at `now`, with how many: they count as told.
  ///
  /// All that were counted with the largest number for `now`.
  func takeCounted(now: UInt64) -> [(word: String, suppressed: UInt64)] {
    kinds.withLock { kinds in
      let due = kinds.filter {
        $0.value.suppressed > 0 && (now == .max || now &- $0.value.toldAt >= interval)
      }
      for (word, _) in due { kinds[word] = Kind(toldAt: now) }
      return due.map { ($0.key, $0.value.suppressed) }.sorted { $0.0 < $1.0 }
    }
  }
}
