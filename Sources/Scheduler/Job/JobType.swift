// The kinds of jobs, as compat §7.1 names them.

/// What a job does.
package enum JobType: UInt8, Sendable, CaseIterable {
  /// Brings files into the cache.
  case load = 1
  /// Takes files out of the cache.
  case free = 2
  /// Copies files from one place to another.
  case copy = 3
  /// Copies files and deletes each source once its copy is verified.
  case move = 4

  /// The word in lists and filters.
  package var word: String {
    switch self {
    case .load: "LOAD"
    case .free: "FREE"
    case .copy: "COPY"
    case .move: "MOVE"
    }
  }

  /// The type of a word in any case, nil for another word.
  package init?(word: String) {
    let upper = word.uppercased()
    guard let type = JobType.allCases.first(where: { $0.word == upper }) else { return nil }
    self = type
  }
}
