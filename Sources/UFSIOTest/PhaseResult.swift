// What a phase measured: one point per stream, and the process's time around them.

package import Model

/// One stream's transfer in one direction.
package struct StreamPoint: Sendable {
  /// The direction.
  package enum Direction: String, Sendable {
    case read = "READ"
    case write = "WRITE"
  }

  /// The direction.
  package let direction: Direction
  /// How long it took, opening and committing included.
  package let seconds: Double
  /// How many bytes it moved.
  package let bytes: Int64

  /// A point of its parts.
  package init(direction: Direction, seconds: Double, bytes: Int64) {
    self.direction = direction
    self.seconds = seconds
    self.bytes = bytes
  }
}

/// What one phase brought.
package struct PhaseResult: Sendable {
  /// The streams that ended well.
  package var points: [StreamPoint] = []
  /// The errors of those that did not, the first few of them.
  package var errors: [UFSIOTestError] = []
  /// How long the operations took.
  package var latencies = LatencyHistogram()
  /// Wall clock and CPU around the phase.
  package var use = ResourceUse(nanoseconds: 0, cpuSeconds: 0)

  /// Bytes of all points.
  package var bytes: Int64 { points.reduce(0) { $0 + $1.bytes } }

  /// The rate of all streams together, by the wall clock.
  package var mibPerSecond: Double { Self.rate(bytes, Double(use.nanoseconds) * 1e-9) }

  /// CPU seconds of this process for each GiB.
  package var cpuSecondsPerGiB: Double {
    bytes > 0 ? use.cpuSeconds * Double(1 << 30) / Double(bytes) : 0
  }

  /// MiB/s.
  static func rate(_ bytes: Int64, _ seconds: Double) -> Double {
    seconds > 0 ? Double(bytes) / Double(1 << 20) / seconds : 0
  }
}
