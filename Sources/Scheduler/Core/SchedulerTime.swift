// The time as the driver tells it.

/// One instant on two clocks.
package struct SchedulerTime: Sendable, Equatable {
  /// Nanoseconds on a clock that never goes back.
  package var ticks: UInt64
  /// Milliseconds since 1970.
  package var date: Int64

  /// An instant of its parts.
  package init(ticks: UInt64, date: Int64) {
    self.ticks = ticks
    self.date = date
  }
}

extension Duration {
  /// Whole nanoseconds from 0 to 2⁶³ − 1.
  var clampedNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = product.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
    return overflow || carry ? UInt64(Int64.max) : min(sum, UInt64(Int64.max))
  }
}
