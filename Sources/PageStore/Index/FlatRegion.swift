// Addresses for a flat array that may become large: reserved at once, made resident by first touch, zero until then.
// An array never moves, so it grows without a pause and without a copy.

import Glibc
import Ring

/// Reserved zeroed memory for flat arrays, given back when it is dropped.
@safe struct FlatRegion: ~Copyable, @unchecked Sendable {
  // SAFETY: constants of a mapping that this value alone owns; what is written there is guarded by its users' locks.
  let base: UnsafeMutableRawPointer
  private let byteCount: Int

  /// Reserves `byteCount` bytes; those of a large region that fills from its start may lie in huge pages.
  ///
  /// - Throws: `memoryUnavailable` when the kernel has no addresses.
  init(byteCount: Int, isDense: Bool = false) throws(PageStoreError) {
    self.byteCount = max(4096, byteCount)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let mapped = unsafe mmap(nil, self.byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      let cause = RingError(operation: "pageStore.mmap", result: -errno)
      throw PageStoreError(.memoryUnavailable, operation: "pageStore.reserve", cause: cause)
    }
    // A small or sparse array must not cost huge pages. Advice only: a kernel without them refuses it.
    let isHuge = isDense && self.byteCount >= 64 << 20
    _ = unsafe madvise(mapped, self.byteCount, isHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE)
    unsafe base = mapped
  }

  deinit { unsafe munmap(base, byteCount) }

  /// The region as an array of `T`, for which zero bytes are a value.
  func array<T: ~Copyable>(of type: T.Type, at offset: Int = 0) -> UnsafeMutablePointer<T> {
    unsafe (base + offset).assumingMemoryBound(to: type)
  }
}
