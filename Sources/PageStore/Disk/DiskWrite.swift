// How a write to a disk volume ended.

/// The outcome of a write.
package enum DiskWrite: Sendable, Equatable {
  /// The device took all bytes; the page's root is this.
  case written(root: UInt32)
  /// The device failed with this errno; what lies in the run now is of no use.
  case failed(errno: Int32)
  /// The device does not answer: it may still read the page's memory and write the run until the hold ends.
  case stuck(DeviceHold)
}
