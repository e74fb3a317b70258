// The refusal of a configuration.

/// A configuration that cannot be used, with every reason found.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
  /// The reasons, in the order of the keys; never empty.
  package let problems: [ConfigurationProblem]

  /// A refusal for `problems`.
  package init(_ problems: [ConfigurationProblem]) {
    precondition(!problems.isEmpty, "a refusal has a reason")
    self.problems = problems
  }

  /// One line per problem.
  package var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}
