// Memory that a simulated reader reads into.

import Glibc

/// Bytes aligned to 4096.
final class SimBuffer: @unchecked Sendable {
  // SAFETY (unchecked): of one task.
  let bytes: UnsafeMutableRawBufferPointer

  init(_ count: Int) { bytes = .allocate(byteCount: count, alignment: 4096) }

  deinit { bytes.deallocate() }
}
