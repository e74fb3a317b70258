// Values by path; the most specific path wins.

/// Rules of one kind.
package struct PrefixRules<Value: Sendable>: Sendable {
  private var values: [RulePath: Value] = [:]

  /// No rules.
  package init() {}

  /// The value of the rule at exactly `path`.
  package subscript(path: RulePath) -> Value? {
    get { values[path] }
    set { values[path] = newValue }
  }

  /// True without a rule.
  package var isEmpty: Bool { values.isEmpty }
  /// Number of rules.
  package var count: Int { values.count }

  /// The rules, by path.
  package var sorted: [(path: RulePath, value: Value)] {
    values.map { (path: $0.key, value: $0.value) }.sorted { $0.path < $1.path }
  }

  /// The rule for `path`: the one whose path is the longest.
  package func match(_ path: RulePath) -> (path: RulePath, value: Value)? {
    // Most workers have no rules: they pay for one comparison.
    if values.isEmpty { return nil }
    for candidate in path.ancestors {
      if let value = values[candidate] { return (candidate, value) }
    }
    return nil
  }

  /// Every rule whose path holds `path`, most specific first.
  package func all(over path: RulePath) -> [(path: RulePath, value: Value)] {
    if values.isEmpty { return [] }
    return path.ancestors.compactMap { candidate in
      values[candidate].map { (path: candidate, value: $0) }
    }
  }
}

extension PrefixRules: Equatable where Value: Equatable {}
