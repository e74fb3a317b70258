// The last few failures of a job, for its report.

/// A failure by name.
package struct NamedFailure: Equatable, Sendable {
  /// The file.
  package var subject: String
  /// One line.
  package var reason: String

  /// A failure of its parts; a reason that begins with the subject is kept without it.
  package init(subject: String, reason: String) {
    self.subject = subject
    self.reason = ReasonText.without(subject, reason)
  }
}

/// The last ten failures.
struct RecentFailures {
  /// Failures kept.
  static let countMax = 10

  /// The failures, oldest first.
  private(set) var all: [NamedFailure] = []

  /// Adds one and forgets the oldest beyond the bound.
  mutating func add(_ subject: String, _ reason: String) {
    if all.count == Self.countMax { all.removeFirst() }
    all.append(NamedFailure(subject: subject, reason: reason))
  }
}
