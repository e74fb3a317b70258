// Why a file or a part of it could not be loaded, and whether trying again makes sense.

/// A failure met while loading.
package struct LoadFailure: Error, Equatable, Sendable {
  /// What the job must do differently about it.
  package enum Kind: Equatable, Sendable {
    /// The file has another version now: load that one.
    case changed
    /// The path is gone.
    case notFound
    /// Anything else.
    case other
  }

  /// What the job must do differently about it.
  package var kind: Kind
  /// One line for the report.
  package var reason: String
  /// How long to wait before trying again, as the UFS advises; nil when trying again is useless.
  package var retryAfter: Duration?
  /// Whether the UFS could not be asked at all, or asked for a pause: that says nothing of the file.
  package var isOutage = false

  /// A failure of its parts.
  package init(_ kind: Kind = .other, reason: String, retryAfter: Duration? = nil) {
    self.kind = kind
    self.reason = reason
    self.retryAfter = retryAfter
  }
}
