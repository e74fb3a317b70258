// Keeps a load job under its bandwidth: each range reserves its time on one shared line.

import Synchronization

/// Spaces out ranges so that their bytes per second stay under a limit.
package final class LoadThrottle: Sendable {
  private let bytesPerSecond: UInt64
  /// Monotonic nanoseconds at which the line is free.
  private let free = Mutex<UInt64>(0)

  /// A line for `bytesPerSecond` bytes per second.
  package init(bytesPerSecond: Int64) {
    precondition(bytesPerSecond > 0, "a limit lets something through")
    self.bytesPerSecond = UInt64(bytesPerSecond)
  }

  /// Reserves `bytes` at `now`.
  ///
  /// - Returns: how long to wait before they may be asked for.
  package func reserve(_ bytes: Int64, now: UInt64) -> Duration {
    let cost = nanoseconds(of: bytes)
    let start = free.withLock { free in
      let start = max(free, now)
      free = start.addingReportingOverflow(cost).partialValue
      return start
    }
    return .nanoseconds(Int64(clamping: start - now))
  }

  /// Gives back `bytes` that were reserved and not taken.
  package func refund(_ bytes: Int64) {
    let cost = nanoseconds(of: bytes)
    free.withLock { $0 -= min($0, cost) }
  }

  private func nanoseconds(of bytes: Int64) -> UInt64 {
    let (high, low) = UInt64(max(0, bytes)).multipliedFullWidth(by: 1_000_000_000)
    guard high < bytesPerSecond else { return .max / 2 }
    return min(bytesPerSecond.dividingFullWidth((high, low)).quotient, .max / 2)
  }
}
