// Memory of a background task, which may lose it for a while to a device that hangs.

import Glibc

/// Memory that one background task reads into; there once `prepare` was true.
@safe package final class TransferBuffer: @unchecked Sendable {
  // SAFETY (unchecked): one task at a time has it; the one that lends it waits for the borrower's end.
  private let count: Int
  // SAFETY: an allocation of this object's own, freed once, unless a hold has it.
  private(set) var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// A buffer of `count` bytes, aligned to 4096, without memory yet.
  init(_ count: Int) { self.count = count }

  deinit { unsafe free(memory.baseAddress) }

  /// Gets memory when there is none; false when the system has none.
  func prepare() -> Bool {
    guard unsafe memory.baseAddress == nil else { return true }
    guard let base = unsafe aligned_alloc(4096, count) else { return false }
    unsafe memory = UnsafeMutableRawBufferPointer(start: base, count: count)
    return true
  }

  /// Leaves the memory to a device that has it until `hold` ends; other memory is needed then.
  func surrender(until hold: DeviceHold) {
    let lent = unsafe memory
    unsafe memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    hold.whenReturned { unsafe free(lent.baseAddress) }
  }
}
