// Priorities as people write them.

package import PageStore

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
