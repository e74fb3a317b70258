// Why a daemon does not start: one line for the operator, and the exit code.

/// A failed start.
package struct StartError: Error, Sendable, CustomStringConvertible {
  /// Exit codes, as in sysexits.h.
  package enum Code: Int32, Sendable {
    /// Wrong arguments.
    case usage = 64
    /// A directory is missing or not usable.
    case directory = 66
    /// A port is taken or not allowed.
    case port = 69
    /// The system refused memory, threads or descriptors.
    case system = 71
    /// The configuration is wrong, memory does not fit, or io_uring cannot be used.
    case configuration = 78
  }

  /// The exit code.
  package let code: Code
  /// One line: what is wrong, with names, and the remedy.
  package let description: String

  /// A failure with its line.
  package init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
