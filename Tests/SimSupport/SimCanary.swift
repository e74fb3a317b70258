// Bugs that the simulation is told to plant, so that a test can see that its oracles find them.

/// A planted bug.
package enum SimCanary: String, Sendable, CaseIterable {
  /// The source turns a bit of a page that it brings: the oracle of bytes.
  case wrongByte
  /// A reader never lets go of a page: the oracle of leases and of space.
  case keptLease
  /// A timer never fires: the oracle of liveness.
  case lostWakeup
  /// Two pages on a disk change places, and nobody verifies: the oracle of bytes on the path from disk.
  case swappedPages
  /// A log never removes a record: the oracle that logs have no page that the index has not.
  case deafLog
  /// A log loses one record at a planned end: the oracle that memory and logs agree.
  case lostRecord

  /// Whether the bug shows on disks only.
  var needsDisk: Bool { self == .swappedPages || self == .deafLog || self == .lostRecord }
  /// Whether checksums are off, so that they do not hide the bug.
  var isBlind: Bool { self == .swappedPages }
}
