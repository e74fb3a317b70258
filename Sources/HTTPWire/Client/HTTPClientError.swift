// What stops a request of ours.

import Ring

/// A request that got no whole answer: what happened, and on the way to whom.
package struct HTTPClientError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Kind of failure; the numbers are wire codes of the 5xxx block and only grow.
  package enum Code: UInt16, Sendable, CaseIterable {
    /// The host's name has no address, or could not be asked for.
    case resolve = 5101
    /// No address of the host took a connection.
    case connect = 5102
    /// TLS failed, but for the certificate.
    case tls = 5103
    /// The server's certificate is not to be trusted, or names another host.
    case certificate = 5104
    /// The deadline passed, or nothing moved for the time allowed.
    case timeout = 5105
    /// The server or the network ended the connection before the reply's head was complete.
    case reset = 5106
    /// The reply breaks a rule of HTTP.
    case malformed = 5107
    /// The body ended before its length.
    case truncated = 5108
    /// The reply is larger than the caller takes.
    case tooLarge = 5109
    /// The client was told to stop, or the request cannot be sent as it is.
    case stopped = 5110
  }

  /// Kind of failure.
  package let code: Code
  /// Where the request was to go.
  package let origin: HTTPOrigin
  /// One line on the cause; holds nothing of the request.
  package let detail: String
  /// The kernel's errno, or 0.
  package let errno: Int32
  /// Whether the server cannot have seen any of the request.
  package let sentNothing: Bool

  /// A failure of its parts.
  package init(
    _ code: Code, _ origin: HTTPOrigin, _ detail: String, errno: Int32 = 0,
    sentNothing: Bool = false
  ) {
    self.code = code
    self.origin = origin
    self.detail = detail
    self.errno = errno
    self.sentNothing = sentNothing
  }

  package var description: String {
    let cause = errno == 0 ? "" : ": \(errnoText(errno)) (errno \(errno))"
    return "\(origin): \(detail)\(cause)"
  }
}
