// What policies did, for metrics.

import Synchronization

/// Counters of the cache policies.
package final class PolicyCounters: Sendable {
  /// Their values at one moment.
  package struct Values: Sendable, Equatable {
    /// Files that left because of their age, and their bytes.
    package var expiredFiles: UInt64 = 0
    package var expiredBytes: UInt64 = 0
    /// Files that left to keep a quota, and their bytes.
    package var quotaFiles: UInt64 = 0
    package var quotaBytes: UInt64 = 0
    /// Fills that a quota turned away.
    package var quotaDenials: UInt64 = 0
    /// Fills of pinned files that were not pinned, as the limit was reached.
    package var pinDenials: UInt64 = 0
    /// Reads past the cache because a rule says so.
    package var skips: UInt64 = 0
    /// Times that the filter's file changed and could not be used.
    package var filterFailures: UInt64 = 0
    /// Whether the last change of the filter's file could not be used.
    package var isFilterStale = false
  }

  private let state = Mutex(Values())

  /// All zero.
  package init() {}

  /// The values now.
  package var values: Values { state.withLock { $0 } }

  /// Changes values together.
  func update(_ body: (inout Values) -> Void) { state.withLock { body(&$0) } }
}
