// Page memory of one NUMA node: a sealed memfd mapped once, made resident step by step.
//
//   base                                                                          base + capacity
//   |  extent 0 (32 MiB)          |  extent 1                  |  extent 2       …|
//   |████ committed ███████████████████████|                                      |
//                                          ^ grows in chunks of 2 MiB: bind, collapse to a huge page, populate
//
// Nobody may write through a new mapping or descriptor (F_SEAL_FUTURE_WRITE), nor change the file's size, so that a
// client that maps the descriptor read-only can neither harm the cache nor be hit by SIGBUS. An extent is what a ring
// registers as one fixed buffer; memory is committed in smaller steps because a step stalls the thread that does it.

import CLinux
import Glibc
import Synchronization

/// One NUMA node's page memory.
///
/// `commit` may be called from any thread and blocks for up to a few milliseconds for each 2 MiB; everything else is free.
@safe package final class Arena: Sendable {
  /// The step in which memory is committed: one huge page.
  package static let chunkSize = 2 << 20

  /// The NUMA node that the memory is asked from.
  package let node: Int
  /// Bytes of the arena, a multiple of 4096.
  package let capacity: Int
  /// The sealed memfd; valid as long as the arena.
  ///
  /// Clients that get it may map it read-only.
  package let descriptor: Int32
  /// First byte, aligned to 2 MiB. Bytes past `committed` are mapped but not yet resident.
  // SAFETY: the address never changes; who writes which bytes is the business of the page store.
  package nonisolated(unsafe) let base: UnsafeMutableRawPointer

  private let growth = Mutex<Void>(())
  private let committedBytes = Atomic<Int>(0)
  private let collapsed = Atomic<Int>(0)
  private let notCollapsed = Atomic<Int>(0)
  private let isBoundToNode: Bool

  /// Maps a new memfd of `capacity` bytes at `address`, which lies in a reservation of the caller, and seals it.
  ///
  /// - Throws: `system` with the errno of memfd_create, ftruncate, mmap or fcntl.
  init(name: String, capacity: Int, node: Int, at address: UnsafeMutableRawPointer)
    throws(RingError)
  {
    precondition(capacity > 0 && capacity % 4096 == 0, "capacity is a multiple of 4096")
    precondition(
      UInt(bitPattern: address) % UInt(Arena.chunkSize) == 0, "the address is aligned")
    let descriptor = unsafe pen_memfd_create(name)
    guard descriptor >= 0 else {
      throw RingError(operation: "arena.memfd_create", result: descriptor)
    }
    do {
      unsafe try Arena.map(descriptor, capacity: capacity, at: address)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    self.node = node
    self.capacity = capacity
    self.descriptor = descriptor
    unsafe base = address
    // Best effort: a container may forbid mbind, a test may ask for a node that is not there.
    isBoundToNode = unsafe pen_mbind(address, capacity, Int32(clamping: node), false) == 0
  }

  deinit {
    Glibc.close(descriptor)
    // The mapping goes with the reservation that holds it (ArenaSet).
  }

  /// Bytes from `base` that are resident and may be used.
  package var committed: Int { committedBytes.load(ordering: .acquiring) }
  /// What the arena did so far.
  package var statistics: Statistics {
    Statistics(
      committed: committed, hugeChunks: collapsed.load(ordering: .relaxed),
      plainChunks: notCollapsed.load(ordering: .relaxed), isBoundToNode: isBoundToNode)
  }

  /// Counters of an arena.
  package struct Statistics: Sendable, Equatable {
    /// Bytes made resident.
    package let committed: Int
    /// Chunks of 2 MiB that are one huge page.
    package let hugeChunks: Int
    /// Chunks that stayed in pages of 4 KiB because the kernel refused to collapse them.
    package let plainChunks: Int
    /// True when the kernel accepted the node as the preferred place of the memory.
    package let isBoundToNode: Bool
  }

  /// Makes memory resident until at least `end` bytes from `base` are, and returns how many are.
  ///
  /// One thread grows at a time; another that needs more waits for it. Stops at `capacity`.
  /// - Throws: `system` when the kernel has no memory (ENOMEM, or EFAULT at a control group's limit).
  package func commit(upTo end: Int) throws(RingError) -> Int {
    let end = min(end, capacity)
    guard committed < end else { return committed }
    return try growth.withLock { _ throws(RingError) -> Int in
      while committed < end { try commitChunk() }
      return committed
    }
  }

  /// Commits the next chunk; called under `growth`.
  private func commitChunk() throws(RingError) {
    let start = committed
    let count = min(Arena.chunkSize, capacity - start)
    let address = unsafe base + start
    if count == Arena.chunkSize {
      // One resident page is what MADV_COLLAPSE wants; it zeroes the rest, five times faster than populating first.
      let first = unsafe pen_madvise_populate_write(address, 4096)
      guard first == 0 else { throw RingError(operation: "arena.populate", result: first) }
      if unsafe pen_madvise_collapse(address, count) == 0 {
        collapsed.add(1, ordering: .relaxed)
      } else {
        notCollapsed.add(1, ordering: .relaxed)
      }
    }
    let rc = unsafe pen_madvise_populate_write(address, count)
    guard rc == 0 else { throw RingError(operation: "arena.populate", result: rc) }
    committedBytes.store(start + count, ordering: .releasing)
  }

  private static func map(
    _ descriptor: Int32, capacity: Int, at address: UnsafeMutableRawPointer
  ) throws(RingError) {
    guard ftruncate(descriptor, off_t(capacity)) == 0 else {
      throw RingError(operation: "arena.ftruncate", result: -Glibc.errno)
    }
    let flags = MAP_SHARED | MAP_FIXED | MAP_NORESERVE
    let mapped = unsafe mmap(address, capacity, PROT_READ | PROT_WRITE, flags, descriptor, 0)
    guard unsafe mapped == address else {
      throw RingError(operation: "arena.mmap", result: -Glibc.errno)
    }
    // After the writable mapping exists: F_SEAL_FUTURE_WRITE spares it and stops every later one.
    let rc = pen_seal_for_readers(descriptor)
    guard rc == 0 else { throw RingError(operation: "arena.seal", result: rc) }
  }
}
