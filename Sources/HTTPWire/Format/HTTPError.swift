// What stops a response or the reading of a body.

/// A failure of a connection, or of the exchange on it.
package struct HTTPError: Error, Sendable, Hashable {
  /// Kind of failure; the numbers are wire codes of the 5xxx block and only grow.
  package enum Code: UInt16, Sendable, Hashable, CaseIterable {
    /// The client closed or reset the connection, or the network lost it.
    case disconnected = 5001
    /// The client made no progress for the configured time, or the server stopped.
    case expired = 5002
    /// The request's bytes break a rule; `rejection` says which.
    case rejected = 5003
    /// Fewer bytes were sent than the response's head promised.
    case responseShort = 5004
    /// More bytes were offered than the response's head promised.
    case responseLong = 5005
    /// The exchange was aborted by its handler.
    case aborted = 5006
    /// An address cannot be parsed, bound or listened on.
    case address = 5007
  }

  /// Kind of failure.
  package let code: Code
  /// What was being done.
  package let operation: StaticString
  /// The kernel's errno, or 0.
  package let errno: Int32
  /// The rule that was broken, for `rejected`.
  package let rejection: HTTPRejection?

  /// A failure of `code` during `operation`.
  package init(
    _ code: Code, _ operation: StaticString, errno: Int32 = 0, rejection: HTTPRejection? = nil
  ) {
    self.code = code
    self.operation = operation
    self.errno = errno
    self.rejection = rejection
  }

  package static func == (left: HTTPError, right: HTTPError) -> Bool {
    left.code == right.code && left.errno == right.errno && left.rejection == right.rejection
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(code)
    hasher.combine(errno)
    hasher.combine(rejection)
  }
}

extension HTTPError: CustomStringConvertible {
  /// One line: operation, code, and the errno or the rule.
  package var description: String {
    var line = "http.\(operation) \(code) code=\(code.rawValue)"
    if errno != 0 { line += " errno=\(errno)" }
    if let rejection { line += ": \(rejection.message)" }
    return line
  }
}
