// Why a test, or one stream of it, ends without a figure.

package import UFS

/// A failure of the test.
package struct UFSIOTestError: Error, Sendable, CustomStringConvertible {
  /// What happened.
  package enum Problem: Sendable {
    /// The path, or an option of it, cannot be used.
    case mount(MountError)
    /// The UFS failed.
    case ufs(UFSError)
    /// The machine lacks threads, io_uring or a program.
    case system(String)
    /// A byte is not the one written.
    case wrongBytes(path: String, offset: Int64)
    /// A file has another length than was written.
    case wrongLength(path: String, found: Int64, expected: Int64)
    /// What was to be measured beside it came to nothing.
    case contest(String)
    /// A signal, or the time limit, ended it.
    case stopped(StopFlag.Reason)
  }

  /// What happened.
  package let problem: Problem

  /// An error of its problem.
  package init(_ problem: Problem) { self.problem = problem }

  package var description: String {
    switch problem {
    case .mount(let error): "\(error)"
    case .ufs(let error): "\(error)"
    case .system(let text), .contest(let text): text
    case .wrongBytes(let path, let offset):
      "\(path): the bytes of the 4 KiB at offset \(offset) are not those that were written"
    case .wrongLength(let path, let found, let expected):
      "\(path) has \(found) bytes, not \(expected): was it written with another --io-size?"
    case .stopped(.signal): "stopped by a signal"
    case .stopped(.timeLimit): "stopped by --bench-timeout"
    }
  }
}
