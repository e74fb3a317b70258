// Memory registered with a ring: the kernel keeps the pages pinned instead of pinning them for each operation, which
// makes direct I/O about four times cheaper in CPU. Registering pins memory, so an extent is registered on first use.

import CLinux
import Glibc

/// The registered buffers of one ring; confined to its thread.
struct FixedBufferTable: ~Copyable {
  private var indexOfExtent: [Int: UInt16] = [:]
  private var refused: Set<Int> = []
  private var nextIndex: UInt32 = 0
  private var capacity: UInt32 = 0

  mutating func register(ring: UnsafeMutablePointer<io_uring>, count: UInt32) {
    // A kernel or a memlock limit that refuses costs CPU, not correctness.
    if unsafe io_uring_register_buffers_sparse(ring, count) == 0 { capacity = count }
  }

  /// The table index of the extent `id` that spans `bytes`, registering it when this is its first use; nil when it cannot be.
  mutating func index(
    of id: Int, _ bytes: UnsafeMutableRawBufferPointer, ring: UnsafeMutablePointer<io_uring>
  ) -> UInt16? {
    if let index = indexOfExtent[id] { return index }
    guard nextIndex < capacity, !refused.contains(id) else { return nil }
    var vector = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
    var tag: UInt64 = 0
    let rc = unsafe io_uring_register_buffers_update_tag(ring, nextIndex, &vector, &tag, 1)
    guard rc == 1, let index = UInt16(exactly: nextIndex) else {
      refused.insert(id)
      return nil
    }
    nextIndex += 1
    indexOfExtent[id] = index
    return index
  }

  /// Extents registered so far.
  var count: Int { indexOfExtent.count }
}
