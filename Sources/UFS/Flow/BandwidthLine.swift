// Bytes per second as one line in time: who sends bytes takes the next stretch of it.

/// A limit of bytes per second.
package struct BandwidthLine: Sendable {
  private let bytesPerSecond: UInt64
  /// Monotonic nanoseconds at which the line is free.
  package private(set) var free: UInt64 = 0

  /// A line for `bytesPerSecond` bytes per second.
  package init(bytesPerSecond: Int64) {
    precondition(bytesPerSecond > 0, "a limit lets something through")
    self.bytesPerSecond = UInt64(bytesPerSecond)
  }

  /// Takes the line for `bytes` from `now` on.
  ///
  /// - Returns: Nanoseconds until they may be asked for.
  package mutating func reserve(_ bytes: Int64, now: UInt64) -> UInt64 {
    let start = max(free, now)
    let (end, overflow) = start.addingReportingOverflow(cost(of: bytes))
    free = overflow ? .max : end
    return start - now
  }

  /// Gives back `bytes` that were reserved and not taken.
  package mutating func refund(_ bytes: Int64) { free -= min(free, cost(of: bytes)) }

  /// Nanoseconds that `bytes` take.
  func cost(of bytes: Int64) -> UInt64 {
    let (high, low) = UInt64(max(0, bytes)).multipliedFullWidth(by: 1_000_000_000)
    guard high < bytesPerSecond else { return .max / 4 }
    return min(bytesPerSecond.dividingFullWidth((high, low)).quotient, .max / 4)
  }
}
