// Keeps a load job under its bandwidth: each range reserves its time on one shared line.

import Synchronization
import UFS

/// Spaces out ranges so that their bytes per second stay under a limit.
package final class LoadThrottle: Sendable {
  private let line: Mutex<BandwidthLine>

  /// A line for `bytesPerSecond` bytes per second.
  package init(bytesPerSecond: Int64) {
    line = Mutex(BandwidthLine(bytesPerSecond: bytesPerSecond))
  }

  /// Reserves `bytes` at `now`.
  ///
  /// - Returns: how long to wait before they may be asked for.
  package func reserve(_ bytes: Int64, now: UInt64) -> Duration {
    .nanoseconds(Int64(clamping: line.withLock { $0.reserve(bytes, now: now) }))
  }

  /// Gives back `bytes` that were reserved and not taken.
  package func refund(_ bytes: Int64) { line.withLock { $0.refund(bytes) } }
}
