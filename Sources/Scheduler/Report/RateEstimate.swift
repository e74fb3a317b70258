// How fast a job goes, and when it will be done, with bounds instead of a guess.
//
// Samples of a total that grows are kept for a window. The rate is over the window; its bounds are the slowest and the fastest of the
// window's quarters. While less than four samples are known, nothing is said.

/// A rate and a time to the end, each with bounds.
package struct RateEstimate: Sendable, Equatable {
  /// A rate with its bounds, units a second.
  package struct Rate: Sendable, Equatable {
    /// Over the whole window.
    package var mean: Double
    /// In the slowest quarter of it.
    package var low: Double
    /// In the fastest quarter of it.
    package var high: Double
  }

  /// Seconds to the end; nil bounds are unknown: nothing moved in the slowest quarter.
  package struct Remaining: Sendable, Equatable {
    /// At the rate of the whole window.
    package var mean: Double
    /// At the rate of the fastest quarter.
    package var low: Double
    /// At the rate of the slowest quarter; nil for never.
    package var high: Double?
  }

  private struct Sample: Sendable, Equatable {
    var ticks: UInt64
    var total: Int64
  }

  private let window: UInt64
  private var samples: [Sample] = []

  /// An estimate over `window`.
  package init(window: Duration = .seconds(20)) { self.window = window.clampedNanoseconds }

  /// The total is `total` at `ticks` nanoseconds; a total that shrinks begins anew.
  package mutating func add(_ total: Int64, at ticks: UInt64) {
    if let last = samples.last {
      guard ticks > last.ticks else { return }
      if total < last.total { samples = [] }
    }
    samples.append(Sample(ticks: ticks, total: total))
    while samples.count > 4, samples[1].ticks &+ window <= ticks { samples.removeFirst() }
  }

  /// The rate; nil while too little is known.
  package var rate: Rate? {
    guard samples.count >= 4, let mean = Self.rate(samples[...]) else { return nil }
    let quarter = max(1, (samples.count - 1) / 4)
    var parts: [Double] = []
    for start in stride(from: 0, to: samples.count - quarter, by: quarter) {
      if let part = Self.rate(samples[start...(start + quarter)]) { parts.append(part) }
    }
    return Rate(mean: mean, low: parts.min() ?? mean, high: parts.max() ?? mean)
  }

  /// The time until the total is `goal`; nil while too little is known, or while nothing moves.
  package func remaining(to goal: Int64) -> Remaining? {
    guard let rate, let last = samples.last, rate.mean > 0, rate.high > 0 else { return nil }
    let rest = Double(max(0, goal &- last.total))
    return Remaining(
      mean: rest / rate.mean, low: rest / rate.high, high: rate.low > 0 ? rest / rate.low : nil)
  }

  private static func rate(_ samples: ArraySlice<Sample>) -> Double? {
    guard let first = samples.first, let last = samples.last, last.ticks > first.ticks else {
      return nil
    }
    return Double(last.total &- first.total) * 1e9 / Double(last.ticks &- first.ticks)
  }
}
