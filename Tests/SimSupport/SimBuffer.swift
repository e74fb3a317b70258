// Memory that a simulated reader reads into.

import Glibc
import PageStore

/// Bytes aligned to 4096.
final class SimBuffer: @unchecked Sendable {
  // SAFETY (unchecked): of one task.
  private(set) var bytes: UnsafeMutableRawBufferPointer

  init(_ count: Int) { bytes = .allocate(byteCount: count, alignment: 4096) }

  deinit { bytes.deallocate() }

  /// Leaves the memory to a device that hangs, and takes other memory.
  func surrender(until hold: DeviceHold) {
    let lent = bytes
    bytes = .allocate(byteCount: lent.count, alignment: 4096)
    hold.whenReturned { lent.deallocate() }
  }
}
