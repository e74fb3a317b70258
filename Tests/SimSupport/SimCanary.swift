// Bugs that the simulation is told to plant, so that a test can see that its oracles find them.

/// A planted bug.
package enum SimCanary: String, Sendable, CaseIterable {
  /// The source turns a bit of a page that it brings: the oracle of bytes.
  case wrongByte
  /// A reader never lets go of a page: the oracle of leases and of space.
  case keptLease
  /// A timer never fires: the oracle of liveness.
  case lostWakeup
}
