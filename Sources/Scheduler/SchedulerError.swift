// What the job service refuses, and why.

package import Model

/// A refusal of the job service.
package struct SchedulerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of refusal it is; numbers are wire codes (4xxx) and never change.
  package enum Code: UInt16, Sendable, CaseIterable {
    /// The submission cannot be right.
    case invalid = 4001
    /// As many jobs wait as may.
    case capacity = 4002
    /// No such job, or it has ended.
    case notFound = 4003
    /// The store does not take writes now.
    case unavailable = 4004
    /// The disk of the store is full.
    case noSpace = 4005
    /// The store may not be written.
    case readOnly = 4006
    /// What the store holds cannot be used.
    case corrupt = 4007
    /// Another process has the store.
    case locked = 4008
    /// A newer version wrote the store.
    case newer = 4009
    /// The coordinator is shutting down.
    case closed = 4010
  }

  /// The kind of refusal.
  package let code: Code
  /// One line for people.
  package let description: String

  /// A refusal of its parts.
  package init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  /// Whether the same request may succeed later.
  package var retry: RetryAdvice {
    switch code {
    case .capacity, .unavailable, .noSpace: .after(.seconds(1))
    case .invalid, .notFound, .readOnly, .corrupt, .locked, .newer, .closed: .never
    }
  }
}
