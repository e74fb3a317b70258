// One operation of a block device, from its start to the device's answer.

internal import Ring

/// An operation under way; the device ends it with `end`, once, whether somebody still waits or not.
// SAFETY: the mutable state is guarded by the lock of its watch, but for `receiver`, which one ring at a time uses.
@safe package final class DeviceTransfer: @unchecked Sendable {
  /// Set while the operation is under way.
  var watch: TransferWatch?
  /// Monotonic nanoseconds of the start.
  var since: UInt64 = 0
  /// Place in the watch's list of operations under way.
  var position = 0
  // SAFETY: resumed once, by the one that takes it out under the lock.
  var continuation: UnsafeContinuation<TransferEnd, Never>?
  /// What the memory waits for once nobody waits for the operation.
  var hold: DeviceHold?
  /// What a ring tells of the completion; kept from one use to the next.
  var receiver: OneShot?

  init() {}

  /// Ends the operation with bytes moved or -errno; called once, by the device.
  package func end(_ result: Int32) {
    guard let watch else { preconditionFailure("a device ends an operation once") }
    watch.ended(self, result)
  }
}

/// How an operation ended for the one who waited.
struct TransferEnd: Sendable {
  /// Bytes moved or -errno.
  var result: Int32
  /// The device has not answered: it still has the memory, until this ends.
  var hold: DeviceHold?
}
