// A failure by name.

/// One named failure of the report.
package struct LoadIncident: Equatable, Sendable {
  /// The file, or the range of it.
  package var subject: String
  /// One line.
  package var reason: String

  /// An incident of its parts.
  package init(subject: String, reason: String) {
    self.subject = subject
    self.reason = reason
  }
}
