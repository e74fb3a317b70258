// A few aligned buffers of one size for checksums that lie apart from their page.

import Ring
import Glibc

/// Buffers for direct I/O, lent for the time of one transfer; at most `kept` of them stay when nobody uses them.
@safe final class AlignedBuffers: @unchecked Sendable {
  /// Bytes of a buffer.
  let size: Int
  private let kept: Int
  private let lock = Lock()
  // SAFETY: guarded by `lock`; a buffer outside the list belongs to who took it.
  private var free: [UnsafeMutableRawPointer] = unsafe []

  /// No buffers yet, of `size` bytes each.
  init(size: Int, kept: Int = 64) {
    precondition(size > 0 && size % 4096 == 0, "a buffer is whole units")
    self.size = size
    self.kept = kept
  }

  deinit { unsafe free.forEach { unsafe $0.deallocate() } }

  /// Lends a buffer whose bytes are anything.
  func take() -> UnsafeMutableRawBufferPointer {
    let memory =
      unsafe lock.withLock { unsafe free.popLast() }
      ?? UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
    return unsafe UnsafeMutableRawBufferPointer(start: memory, count: size)
  }

  /// Takes a lent buffer back.
  func giveBack(_ buffer: UnsafeMutableRawBufferPointer) {
    guard let memory = buffer.baseAddress else { return }
    let isKept = lock.withLock {
      guard unsafe free.count < kept else { return false }
      unsafe free.append(memory)
      return true
    }
    if !isKept { unsafe memory.deallocate() }
  }
}
