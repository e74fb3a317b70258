// What goes wrong while a program is driven from outside.

import Glibc

/// A failure to start, reach or understand another program.
package enum DriverError: Error, CustomStringConvertible {
  /// A system call failed.
  case system(operation: StaticString, errno: Int32)
  /// The peer closed the connection in the middle of a response.
  case closed(received: Int)
  /// Nothing came within the time allowed.
  case timedOut(operation: StaticString)
  /// The peer sent something that is not HTTP/1.1.
  case malformed(String)
  /// A program ended, or never got ready.
  case program(String)

  package var description: String {
    switch self {
    case .system(let operation, let code):
      "\(operation): \(unsafe String(cString: strerror(code)))"
    case .closed(let received): "connection closed after \(received) bytes"
    case .timedOut(let operation): "\(operation): timed out"
    case .malformed(let text): "malformed response: \(text)"
    case .program(let text): text
    }
  }

  /// The error of the system call that just failed.
  package static func last(_ operation: StaticString) -> DriverError {
    errno == EAGAIN || errno == EWOULDBLOCK
      ? .timedOut(operation: operation) : .system(operation: operation, errno: errno)
  }
}
