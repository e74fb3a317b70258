// What a job was asked for besides its paths (compat §7.2, §7.3, §7.7).

/// What happens to a target that is there already.
package enum OverwriteRule: UInt8, Sendable, CaseIterable {
  /// A target of the same content is left alone, at another the file fails.
  case never = 0
  /// A target of the same content is left alone, another replaced.
  case ifDifferent = 1
  /// The target is replaced.
  case always = 2

  /// The word for it.
  package var word: String {
    switch self {
    case .never: "never"
    case .ifDifferent: "if-different"
    case .always: "always"
    }
  }

  /// The rule of a word in any case; nil for another word.
  package init?(word: String) {
    guard let rule = Self.allCases.first(where: { $0.word == word.lowercased() }) else {
      return nil
    }
    self = rule
  }
}

/// Options of a job; each type reads those that concern it.
package struct JobOptions: Equatable, Sendable {
  /// Most bytes a second that each worker takes from the UFS; nil for no limit.
  package var bandwidth: Int64?
  /// List again at the end and load what is new or missing.
  package var verify = false
  /// Leave totals out until the listing is complete.
  package var partialListing = false
  /// Only file status is loaded.
  package var metadataOnly = false
  /// Files that are wholly cached count as skipped.
  package var skipIfExists = false
  /// Keeps the files whose name it matches wholly; nil keeps all.
  package var fileFilter: String?
  /// Workers that each file is loaded onto.
  package var replicas: Int32 = 1
  /// Files of a task; nil for the coordinator's setting.
  package var batchSize: Int32?
  /// Higher ones run first.
  package var priority: Int32 = 0
  /// Whether directories below the path belong to it.
  package var recursive = true
  /// COPY and MOVE: compare the bytes of source and target.
  package var checkContent = false
  /// COPY and MOVE: what happens to a target that is there.
  package var overwrite = OverwriteRule.never

  /// One replica of everything below the path, no limits.
  package init() {}
}
