// Why a page store does not open. Once open it has no errors: misses, rejections and failed fills are values.

import Glibc
package import Ring

/// A page store that cannot open with what it was given.
package struct PageStoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is; numbers are wire codes (2xxx) and never change.
  package enum Code: UInt16, Sendable {
    /// The page size is not a power of two from 64 KiB to 16 MiB, or does not divide an extent.
    case pageSizeInvalid = 2001
    /// The capacity holds no page on some node.
    case capacityTooSmall = 2002
    /// The capacity is beyond what the index can address (8 TiB).
    case capacityTooLarge = 2003
    /// The kernel refused memory or addresses.
    case memoryUnavailable = 2004
    /// A volume's log cannot be read.
    case volumeLogDamaged = 2005
    /// A volume's directory or file cannot be used: missing, not writable, not a directory, no space.
    case volumeUnavailable = 2006
    /// A volume was made with another page size, format, cluster or identity.
    case volumeMismatch = 2007
    /// Another process has the volume open.
    case volumeInUse = 2008
  }

  /// The kind of failure.
  package let code: Code
  /// What was tried, such as `pageStore.open`.
  package let operation: StaticString
  /// The path it is about, and what an operator can do; empty when there is nothing to say.
  package let subject: String
  /// The kernel's answer, when there was one.
  package let cause: RingError?

  /// An error of its parts.
  package init(
    _ code: Code, operation: StaticString, subject: String = "", cause: RingError? = nil
  ) {
    self.code = code
    self.operation = operation
    self.subject = subject
    self.cause = cause
  }

  package static func == (left: PageStoreError, right: PageStoreError) -> Bool {
    left.code == right.code && left.cause == right.cause && left.subject == right.subject
      && left.operation.description == right.operation.description
  }

  package var description: String {
    let text = subject.isEmpty ? "\(operation): \(code)" : "\(operation): \(code): \(subject)"
    return cause.map { "\(text) (\($0))" } ?? text
  }

  /// What an operator is told: the path and the remedy, without names of the program's parts.
  package var sentence: String {
    guard !subject.isEmpty else { return description }
    return cause.map { unsafe "\(subject): \(String(cString: strerror($0.errno)))" } ?? subject
  }
}
