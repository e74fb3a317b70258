// The seam under a disk volume: what holds its bytes. The ring's file in production, a simulated device in tests.

/// Storage that is read and written in multiples of 4096 bytes, from memory aligned to 4096.
///
/// Operations are started from any task, on the ring's device only on a reactor; each ends by `DeviceTransfer.end` with
/// bytes moved or -errno, perhaps before the call returns, perhaps never while a device hangs. A transfer may be short (a
/// multiple of 512). The memory stays put until the end. Two operations on the same bytes at once have no order.
package protocol BlockDevice: AnyObject, Sendable {
  /// Bytes of the device.
  var size: Int64 { get }

  /// Starts reading into `buffer` from `offset`.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer)

  /// Starts writing `buffer` at `offset`.
  ///
  /// Done means taken by the device, not durable.
  func write(
    from buffer: UnsafeRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer)

  /// Starts making everything written durable; ends with 0 or -errno.
  func sync(for transfer: DeviceTransfer)
}
