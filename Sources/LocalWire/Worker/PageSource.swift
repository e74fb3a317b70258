// Where the bytes of an answer came from.

/// Where bytes were when they were asked for.
package enum PageSource: UInt32, Sendable, CaseIterable {
  /// In the memory tier.
  case memory = 0
  /// In the under file system; they are cached now.
  case filled = 1
  /// On a disk tier.
  case disk = 2
  /// In the under file system, and not cached now either.
  case past = 3
}
