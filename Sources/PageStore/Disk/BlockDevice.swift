// The seam under a disk volume: what holds its bytes. The ring's file in production, a simulated device in tests.

/// Storage that is read and written in multiples of 4096 bytes, from memory aligned to 4096.
///
/// Safe to use from any task; the ring's device only on a reactor. Results are bytes moved or -errno, and a transfer may
/// be short (a multiple of 512). Two operations on the same bytes at once have no order.
package protocol BlockDevice: AnyObject, Sendable {
  /// Bytes of the device.
  var size: Int64 { get }

  /// Reads into `buffer` from `offset`; suspends.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) async -> Int32

  /// Writes `buffer` at `offset`; suspends.
  ///
  /// Done means taken by the device, not durable.
  func write(from buffer: UnsafeRawBufferPointer, at offset: Int64) async -> Int32

  /// Makes everything written durable; suspends.
  ///
  /// Returns 0 or -errno.
  func sync() async -> Int32
}
