// How long stores take to their first byte, as a histogram that forgets.

/// An estimate of percentiles of latencies, within an eighth of their value.
struct LatencyEstimate: Sendable {
  /// Samples needed before the estimate says something.
  static let sampleCountMin = 100
  /// Samples after which old ones count half.
  private static let halfLife: UInt32 = 2048
  /// Eight buckets per power of two, from 1 µs to 2^32 µs.
  private static let bucketCount = 32 * 8

  private var counts: [UInt32] = []
  private var total: UInt32 = 0

  /// An estimate without a sample.
  init() {}

  /// Takes a latency in nanoseconds.
  mutating func record(_ nanoseconds: UInt64) {
    if counts.isEmpty { counts = [UInt32](repeating: 0, count: Self.bucketCount) }
    counts[Self.bucket(of: nanoseconds)] += 1
    total += 1
    if total >= 2 * Self.halfLife { halve() }
  }

  /// The latency that the share `percentile` of requests stays under; nil with too few samples.
  func percentile(_ percentile: Double) -> UInt64? {
    guard total >= Self.sampleCountMin else { return nil }
    let wanted = UInt32(Double(total) * min(max(percentile, 0), 1))
    var seen: UInt32 = 0
    for (bucket, count) in counts.enumerated() {
      seen += count
      if seen >= wanted, count > 0 { return Self.upperBound(of: bucket) }
    }
    return nil
  }

  private mutating func halve() {
    total = 0
    for index in counts.indices {
      counts[index] /= 2
      total += counts[index]
    }
  }

  private static func bucket(of nanoseconds: UInt64) -> Int {
    // From 8 µs on, so that three bits follow the leading one.
    let value = max(8, nanoseconds / 1000)
    let exponent = 63 - value.leadingZeroBitCount
    let step = Int(value >> UInt64(exponent - 3)) & 7
    return min(exponent * 8 + step, bucketCount - 1)
  }

  private static func upperBound(of bucket: Int) -> UInt64 {
    let (exponent, step) = (UInt64(bucket / 8), UInt64(bucket % 8))
    return (8 + step + 1) << (exponent - 3) * 1000
  }
}
