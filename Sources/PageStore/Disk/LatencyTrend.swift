// Whether a device is much slower than it uses to be, for a few nanoseconds an operation.
//
// Latencies are compared as logarithms, per 128 KiB, so that large transfers do not look slow beside small ones. The
// long-run median is a number that each operation moves a small step up or down: 1/16 of an octave at first, 1/1024
// later, so 100× (6.6 octaves) takes some 7,000 slow operations in a row to become the usual, and then it is.

import Synchronization

/// The latency of one volume's reads, or of its writes.
struct LatencyTrend: ~Copyable {
  /// What an operation that ended a window tells.
  enum Verdict: Equatable {
    /// At least half of the window's operations were slow.
    case slow
    /// Fewer were.
    case normal
  }

  /// Steps of a logarithm in an octave.
  private static let octave: UInt64 = 4096

  private let windowCount: UInt64
  private let baselineCount: UInt64
  private let ratioLevel: UInt64
  private let floorLevel: UInt64
  /// Logarithm of the long-run median; 0 before the first operation.
  private let medianLevel = Atomic<UInt64>(0)
  /// Operations in complete windows so far.
  private let seen = Atomic<UInt64>(0)
  /// Operations of this window below, slow ones above bit 32.
  private let window = Atomic<UInt64>(0)

  init(options: VolumeHealthOptions) {
    precondition(options.latencyWindowCount > 0, "a window has operations")
    windowCount = UInt64(options.latencyWindowCount)
    baselineCount = UInt64(options.latencyBaselineCount)
    ratioLevel = LatencyTrend.level(of: options.latencyRatio)
    floorLevel = LatencyTrend.level(of: options.latencyFloor)
  }

  /// Counts an operation; a verdict when it ends a window.
  ///
  /// Two atomic operations and one store; racing steps of the median may be lost.
  func add(bytes: Int, latency: UInt64) -> Verdict? {
    let level = LatencyTrend.level(of: latency / UInt64(max(1, bytes >> 17)))
    let isSlow = self.isSlow(level)
    move(to: level)
    let step: UInt64 = isSlow ? 1 << 32 | 1 : 1
    let (_, now) = window.wrappingAdd(step, ordering: .relaxed)
    // Exactly one operation ends a window; those of others meanwhile belong to the next.
    guard now & 0xFFFF_FFFF == windowCount else { return nil }
    window.wrappingSubtract(now, ordering: .relaxed)
    seen.wrappingAdd(windowCount, ordering: .relaxed)
    return (now >> 32) * 2 >= windowCount ? .slow : .normal
  }

  /// Whether one operation of `bytes` that took `latency` is slow for this device.
  func isSlow(bytes: Int, latency: UInt64) -> Bool {
    isSlow(LatencyTrend.level(of: latency / UInt64(max(1, bytes >> 17))))
  }

  /// The long-run median for each 128 KiB, in nanoseconds, or nil before there is one.
  var median: UInt64? {
    guard seen.load(ordering: .relaxed) >= baselineCount else { return nil }
    let level = medianLevel.load(ordering: .relaxed)
    let fraction = LatencyTrend.octave + level % LatencyTrend.octave
    let exponent = level / LatencyTrend.octave
    return exponent >= 12 ? fraction << (exponent - 12) : fraction >> (12 - exponent)
  }

  private func isSlow(_ level: UInt64) -> Bool {
    guard seen.load(ordering: .relaxed) >= baselineCount else { return false }
    return level > max(floorLevel, medianLevel.load(ordering: .relaxed) + ratioLevel)
  }

  private func move(to level: UInt64) {
    let median = medianLevel.load(ordering: .relaxed)
    guard median != 0 else { return medianLevel.store(max(1, level), ordering: .relaxed) }
    let isSettled = seen.load(ordering: .relaxed) >= baselineCount
    let step = LatencyTrend.octave / (isSettled ? 1024 : 16)
    if level > median {
      medianLevel.store(min(level, median + step), ordering: .relaxed)
    } else if level < median {
      medianLevel.store(max(1, level, median - min(median, step)), ordering: .relaxed)
    }
  }

  /// The logarithm of a latency: its exponent, then 12 bits of its mantissa, which grows straight within an octave.
  private static func level(of latency: UInt64) -> UInt64 {
    let value = max(1, latency)
    let exponent = 63 - UInt64(value.leadingZeroBitCount)
    let mantissa = exponent >= 12 ? value >> (exponent - 12) : value << (12 - exponent)
    return exponent * octave + (mantissa & (octave - 1))
  }
}
