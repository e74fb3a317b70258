// Priorities as people write them.

/// How long a file's pages stay compared with others: all of a lower priority leave first.
package enum CachePriority: UInt8, Sendable, Comparable, CaseIterable {
  /// Leaves first.
  case low = 0
  /// What nobody said anything about.
  case medium = 1
  /// Leaves last.
  case high = 2

  package static func < (left: CachePriority, right: CachePriority) -> Bool {
    left.rawValue < right.rawValue
  }
}

extension CachePriority {
  /// The word for it: `low`, `medium`, `high`.
  package var word: String {
    switch self {
    case .low: "low"
    case .medium: "medium"
    case .high: "high"
    }
  }

  /// The priority that `word` names in any case, or nil.
  package init?(word: String) {
    let lowered = word.lowercased()
    guard let found = CachePriority.allCases.first(where: { $0.word == lowered }) else {
      return nil
    }
    self = found
  }
}
