// Why a pattern is refused.

/// What is wrong with a pattern.
package struct PatternProblem: Error, Equatable, CustomStringConvertible {
  /// The pattern.
  package let pattern: String
  /// What is wrong.
  package let what: String
  /// 1-based number of the character it was noticed at.
  package let position: Int

  package var description: String { "pattern '\(pattern)', character \(position): \(what)" }
}
