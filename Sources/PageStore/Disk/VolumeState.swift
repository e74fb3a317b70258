// What a disk volume may be used for, and the record of a change of that.

/// The health of a disk volume.
package enum VolumeState: UInt8, Sendable, CaseIterable {
  /// Takes pages and serves reads.
  case healthy = 0
  /// Takes no new pages; reads go on.
  case degraded = 1
  /// Out: no I/O but probes.
  case faulted = 2

  /// The name in logs, metrics and listings.
  package var name: String {
    switch self {
    case .healthy: "HEALTHY"
    case .degraded: "DEGRADED"
    case .faulted: "FAULTED"
    }
  }
}

/// One change of a volume's health.
package struct VolumeTransition: Sendable, Equatable {
  /// The state before.
  package let from: VolumeState
  /// The state after.
  package let to: VolumeState
  /// Why, in one line for operators.
  package let reason: String
  /// When, in nanoseconds of the monotonic clock.
  package let time: UInt64
}
