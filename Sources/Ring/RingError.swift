// What can go wrong below: a system call or a ring operation that the kernel refused.

import Glibc

/// A failed ring operation: which one, and the kernel's errno.
package struct RingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is; numbers are wire codes (1xxx) and never change.
  package enum Code: UInt16, Sendable {
    /// io_uring is missing, forbidden or too old; the daemon cannot run.
    case unavailable = 1001
    /// The kernel answered an operation with an errno.
    case system = 1002
    /// The operation was cancelled, by its caller or because the reactor stops.
    case cancelled = 1003
    /// The operation did not finish within its time limit.
    case timedOut = 1004
    /// The peer closed the connection.
    case closed = 1005
  }

  /// The kind of failure.
  package let code: Code
  /// The operation, such as `ring.read`.
  package let operation: StaticString
  /// The errno, 0 when there is none.
  package let errno: Int32

  /// An error of its parts.
  package init(_ code: Code, operation: StaticString, errno: Int32 = 0) {
    self.code = code
    self.operation = operation
    self.errno = errno
  }

  /// The error for an operation's negative `result`.
  package init(operation: StaticString, result: Int32) {
    precondition(result < 0, "a result that is an error is negative")
    let code: Code =
      switch -result {
      case ECANCELED: .cancelled
      case ETIME, ETIMEDOUT: .timedOut
      case EPIPE, ECONNRESET: .closed
      default: .system
      }
    self.init(code, operation: operation, errno: -result)
  }

  package static func == (left: RingError, right: RingError) -> Bool {
    left.code == right.code && left.errno == right.errno
      && left.operation.description == right.operation.description
  }

  /// What an operator is told: the system's words, without names of the program's parts.
  package var sentence: String {
    guard errno == 0 else { return errnoText(errno) }
    return switch code {
    case .unavailable: "io_uring is missing, forbidden or too old"
    case .system: "the kernel refused"
    case .cancelled: "cancelled"
    case .timedOut: "no answer in time"
    case .closed: "the other side closed the connection"
    }
  }

  package var description: String {
    errno == 0 ? "\(operation): \(code)" : "\(operation): \(errnoText(errno)) (errno \(errno))"
  }
}

/// The system's text for an errno.
package func errnoText(_ errno: Int32) -> String {
  unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
    guard let base = buffer.baseAddress, unsafe strerror_r(errno, base, 256) == 0 else {
      return "error \(errno)"
    }
    return unsafe String(cString: base)
  }
}
