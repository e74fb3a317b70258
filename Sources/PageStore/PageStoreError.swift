// Why a page store does not open. Once open it has no errors: misses, rejections and failed fills are values.

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

  package var description: String { sentence }

  /// What an operator is told: the path and the remedy, without names of the program's parts.
  package var sentence: String {
    let text = subject.isEmpty ? code.sentence : subject
    return cause.map { "\(text): \(errnoText($0.errno))" } ?? text
  }
}

extension PageStoreError.Code {
  /// What it means, for an error that has no more to say.
  fileprivate var sentence: String {
    switch self {
    case .pageSizeInvalid: "the page size is no power of two from 64KB to 16MB"
    case .capacityTooSmall: "it holds no page: raise its size"
    case .capacityTooLarge: "it is larger than 16 TiB: use more volumes"
    case .memoryUnavailable:
      "the kernel refused memory: lower what is asked for, or raise the limit"
    case .volumeLogDamaged: "a page log cannot be read"
    case .volumeUnavailable: "a directory or file cannot be used"
    case .volumeMismatch: "a volume was made with another page size, format or cluster"
    case .volumeInUse: "another process has the volume"
    }
  }
}
