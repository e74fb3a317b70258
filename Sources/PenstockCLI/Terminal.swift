// Writing to standard output and standard error, whole.

import Glibc

/// The process's two outputs.
enum Terminal {
  /// Writes a line to standard output; false when nobody takes it any more.
  @discardableResult
  static func output(_ text: String) -> Bool { write(text + "\n", to: STDOUT_FILENO) }

  /// Whether standard output is a terminal.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Columns of the terminal that a line may take: all but the last, in which the cursor stays; 79 when it does not say.
  static var width: Int {
    // Rows, columns, and two numbers of pixels.
    var size: (UInt16, UInt16, UInt16, UInt16) = (0, 0, 0, 0)
    // SAFETY: the address is this frame's own, of the four numbers that the request fills.
    let isKnown = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.1 > 1
    return isKnown ? Int(size.1) - 1 : 79
  }

  /// Writes a line over the one that was written like this before; it must fit in ``width``.
  static func overwrite(_ text: String) {
    // A terminal that was made narrower since, or shows something wider than we think, cuts the line instead of wrapping it.
    _ = write("\u{1b}[?7l\r\u{1b}[K\(text)\u{1b}[?7h", to: STDOUT_FILENO)
  }

  /// Writes a line to standard error.
  static func error(_ text: String) { _ = write("penstock: \(text)\n", to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      // SAFETY: the slice's bytes live for the call and are as many as it is told.
      let count = unsafe bytes[sent...].withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}
