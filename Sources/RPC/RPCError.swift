// What a call fails with, on both of its ends.

package import Model

/// The status of a call that failed.
package struct RPCError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of failure; never `.ok`.
  package let code: RPCStatusCode
  /// One line for people; goes over the wire.
  package let message: String

  /// A failure of its parts.
  package init(_ code: RPCStatusCode, _ message: String) {
    self.code = code == .ok ? .internal : code
    self.message = message
  }

  /// Whether the same call may do better later.
  ///
  /// Says nothing about whether the failed one was carried out.
  package var retry: RetryAdvice {
    switch code {
    case .unavailable: .after(.milliseconds(50))
    case .resourceExhausted, .aborted: .after(.seconds(1))
    default: .never
    }
  }

  package var description: String { "rpc \(code): \(message)" }
}
