// Latencies in buckets that are 1/128 of a power of two wide: at most 0.8 % off at every scale, as an HdrHistogram of two digits, in 60 KiB.

/// How long the operations of a phase took.
package struct LatencyHistogram: Sendable {
  private static let stepBits = 7
  private var counts: [UInt64] = []

  /// Operations counted.
  package private(set) var count: UInt64 = 0
  /// The longest, in nanoseconds.
  package private(set) var longest: UInt64 = 0

  /// An empty histogram.
  package init() {}

  /// Counts one operation.
  package mutating func add(_ nanoseconds: UInt64) {
    if counts.isEmpty { counts = [UInt64](repeating: 0, count: Self.bucket(of: .max) + 1) }
    counts[Self.bucket(of: nanoseconds)] += 1
    count += 1
    longest = max(longest, nanoseconds)
  }

  /// Adds another's counts.
  package mutating func add(_ other: LatencyHistogram) {
    guard other.count > 0 else { return }
    guard !counts.isEmpty else {
      self = other
      return
    }
    for index in counts.indices { counts[index] += other.counts[index] }
    count += other.count
    longest = max(longest, other.longest)
  }

  /// The latency in nanoseconds that `share` (0 … 1) of the operations did not exceed; 0 when there are none.
  package func percentile(_ share: Double) -> UInt64 {
    let wanted = UInt64((Double(count) * share).rounded(.up))
    var seen: UInt64 = 0
    for (index, number) in counts.enumerated() where number > 0 {
      seen += number
      if seen >= wanted { return min(longest, Self.top(of: index)) }
    }
    return longest
  }

  private static func bucket(of value: UInt64) -> Int {
    let small = UInt64(1) << stepBits
    guard value >= small else { return Int(value) }
    let shift = 63 - value.leadingZeroBitCount - stepBits
    return (shift + 1) << stepBits + Int((value >> UInt64(shift)) - small)
  }

  /// The largest value of a bucket.
  private static func top(of bucket: Int) -> UInt64 {
    guard bucket >= 1 << stepBits else { return UInt64(bucket) }
    let shift = UInt64(bucket >> stepBits - 1)
    let step = UInt64(bucket & (1 << stepBits - 1)) + 1 << UInt64(stepBits)
    let (end, overflow) = (step + 1).multipliedReportingOverflow(by: 1 << shift)
    return overflow ? .max : end - 1
  }
}
