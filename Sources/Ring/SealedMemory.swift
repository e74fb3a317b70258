// Memory that one process writes and others may only read: a memfd, mapped once for writing and sealed behind that.
//
// The descriptor may be given away: no mapping made from it later is writable, no write to it succeeds, and its size stays
// (F_SEAL_FUTURE_WRITE, GROW, SHRINK), so that neither side can harm the other, nor be hit by SIGBUS.

import CLinux
import Glibc

/// A sealed memfd that this process can write; unmapped and closed at its end.
// SAFETY: constants; who writes which bytes is the business of the owner.
@safe package final class SealedMemory: @unchecked Sendable {
  /// First byte, aligned to 4096.
  package let base: UnsafeMutableRawPointer
  /// Bytes, a multiple of 4096; resident when they are used.
  package let size: Int
  /// The memfd; valid as long as this.
  package let descriptor: Int32

  /// New memory of at least `size` bytes, all zero; `name` is what the kernel shows.
  ///
  /// - Throws: `system` with the errno of the call that failed.
  package init(name: String, size wanted: Int) throws(RingError) {
    precondition(wanted > 0 && wanted <= 1 << 46, "memory has a size")
    let size = (wanted + 4095) & ~4095
    let descriptor = unsafe pen_memfd_create(name)
    guard descriptor >= 0 else {
      throw RingError(operation: "sealed.memfd_create", result: descriptor)
    }
    guard ftruncate(descriptor, off_t(size)) == 0 else {
      let error = RingError(operation: "sealed.ftruncate", result: -Glibc.errno)
      Glibc.close(descriptor)
      throw error
    }
    let mapped = unsafe mmap(
      nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0)
    guard let base = unsafe mapped, unsafe base != MAP_FAILED else {
      let error = RingError(operation: "sealed.mmap", result: -Glibc.errno)
      Glibc.close(descriptor)
      throw error
    }
    // After the writable mapping exists: the seal spares it and stops every later one.
    let rc = pen_seal_for_readers(descriptor)
    guard rc == 0 else {
      unsafe munmap(base, size)
      Glibc.close(descriptor)
      throw RingError(operation: "sealed.seal", result: rc)
    }
    unsafe self.base = base
    self.size = size
    self.descriptor = descriptor
  }

  deinit {
    unsafe munmap(base, size)
    Glibc.close(descriptor)
  }
}
