// How a read from a disk volume ended.

/// The outcome of a read.
package enum DiskRead: Sendable, Equatable {
  /// The bytes asked for lie there in the buffer; verified if that was asked for.
  case bytes(Range<Int>)
  /// What lies on the disk is not the page.
  case corrupt
  /// The device failed with this errno; EIO when it ends too early.
  case failed(errno: Int32)
  /// The device does not answer: it has the buffer until the hold ends, and nobody may use it before.
  case stuck(DeviceHold)
}
