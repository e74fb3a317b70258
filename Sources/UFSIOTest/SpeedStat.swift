// The figures of one direction as existing tools compute them. "Mbps" there is MiB/s; the deviation is the root of the
// sum of squares, not of their mean; the average is total bytes by the sum of the streams' times, so one stream's rate.

/// The summary of one direction's points.
package struct SpeedStat: Sendable, Equatable {
  /// Seconds of all streams added up.
  package var totalDurationSeconds = 0.0
  /// Bytes of all streams.
  package var totalSizeBytes: Int64 = 0
  /// The fastest, the slowest and the mean stream in MiB/s.
  package var maxSpeed = 0.0
  package var minSpeed = 0.0
  package var averageSpeed = 0.0
  /// The streams' rates added up, in MiB/s.
  package var clusterSpeed = 0.0
  /// The root of the sum of the squared deviations from the mean.
  package var deviation = 0.0

  /// The summary of `points`; points without a duration do not count.
  package init(_ points: [StreamPoint]) {
    let points = points.filter { $0.seconds > 0 }
    let speeds = points.map { PhaseResult.rate($0.bytes, $0.seconds) }
    guard let slowest = speeds.min(), let fastest = speeds.max() else { return }
    totalDurationSeconds = points.reduce(0) { $0 + $1.seconds }
    totalSizeBytes = points.reduce(0) { $0 + $1.bytes }
    (minSpeed, maxSpeed) = (slowest, fastest)
    averageSpeed = PhaseResult.rate(totalSizeBytes, totalDurationSeconds)
    clusterSpeed = speeds.reduce(0, +)
    deviation = speeds.reduce(0) { $0 + ($1 - averageSpeed) * ($1 - averageSpeed) }.squareRoot()
  }
}
