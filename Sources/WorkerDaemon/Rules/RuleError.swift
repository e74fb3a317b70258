// Why rules cannot be had or changed.

import Ring

/// A failure of the rules.
package struct RuleError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong.
  package enum Code: Sendable, Equatable {
    /// The file of rules cannot be read or written.
    case unavailable
    /// The file of rules is no file of rules; it was moved aside.
    case damaged
    /// The cache filter's file is not there or says nothing that could be obeyed.
    case badFilter
    /// There is a rule at this path already.
    case exists
    /// There is no rule at this path.
    case missing
    /// The value makes no sense.
    case invalid
    /// The policy is switched off by configuration.
    case disabled
    /// More would be pinned than may be.
    case noRoom
  }

  /// What went wrong.
  package let code: Code
  /// One line: what, with names, and the remedy.
  package let description: String

  /// A failure with its line.
  package init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
