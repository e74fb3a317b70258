// The arenas of all NUMA nodes in one stretch of addresses, so that a page's address is one base and an offset, and an
// extent is found from an address by a division.
//
//   base            arena of node 0                        arena of node 1
//   |ext 0 |ext 1 |ext 2 (short) ¦ gap |ext 3 |ext 4 |ext 5 (short) ¦ gap |
//   each arena starts on an extent's boundary

import Glibc
import Synchronization

/// One arena per NUMA node, and the extents that rings register as fixed buffers.
@safe package final class ArenaSet: Sendable {
  /// Default size of an extent: what a ring registers at once.
  package static let defaultExtentSize = 32 << 20

  /// The arenas, in the order of the nodes asked for.
  package let arenas: [Arena]
  /// First byte of the first arena.
  // SAFETY: a constant address of the reservation, which lives as long as the set.
  package nonisolated(unsafe) let base: UnsafeMutableRawPointer
  /// Bytes of an extent; the last one of an arena may be shorter.
  package let extentSize: Int
  /// Addresses from one arena's first byte to the next one's.
  package let stride: Int
  /// The number of the first extent; numbers are unique in the process and ascend by address.
  package let firstExtent: Int

  private static let nextExtent = Atomic<Int>(0)
  private let reservation: Reservation

  /// Maps an arena of `capacityPerNode` bytes (rounded up to 4096) for each of `nodes`; nothing is resident yet.
  ///
  /// - Throws: `system` with the errno of the call that failed.
  package init(
    name: String, nodes: [Int], capacityPerNode: Int, extentSize: Int = defaultExtentSize
  ) throws(RingError) {
    precondition(!nodes.isEmpty, "a set has a node")
    precondition(capacityPerNode > 0, "capacity is positive")
    precondition(extentSize > 0 && extentSize % Arena.chunkSize == 0, "an extent is whole chunks")
    // More than half the address space in all is a mistake of configuration, not of the program.
    guard capacityPerNode <= (1 << 46) / nodes.count else {
      throw RingError(operation: "arena.reserve", result: -ENOMEM)
    }
    let capacity = (capacityPerNode + 4095) & ~4095
    let stride = (capacity + extentSize - 1) / extentSize * extentSize
    let reservation = try Reservation(stride * nodes.count)
    var arenas: [Arena] = []
    for (position, node) in nodes.enumerated() {
      let address = unsafe reservation.base + position * stride
      unsafe try arenas.append(
        Arena(name: "\(name)-node\(node)", capacity: capacity, node: node, at: address))
    }
    self.arenas = arenas
    self.reservation = reservation
    self.extentSize = extentSize
    self.stride = stride
    unsafe base = reservation.base
    let count = stride / extentSize * nodes.count
    firstExtent = ArenaSet.nextExtent.add(count, ordering: .relaxed).oldValue
  }

  /// Numbers of the set's extents.
  package var extents: Range<Int> {
    firstExtent..<firstExtent + stride / extentSize * arenas.count
  }

  /// The number of the extent that holds `pointer`, or nil when no arena of the set does.
  package func extentIndex(of pointer: UnsafeRawPointer) -> Int? {
    let offset = unsafe UInt(bitPattern: pointer) &- UInt(bitPattern: base)
    guard offset < UInt(stride * arenas.count) else { return nil }
    guard Int(offset) % stride < arenas[Int(offset) / stride].capacity else { return nil }
    return firstExtent + Int(offset) / extentSize
  }

  /// The bytes of extent `index`, which is one of `extents`.
  package func extentRange(_ index: Int) -> UnsafeMutableRawBufferPointer {
    precondition(extents.contains(index), "the extent is one of this set")
    let offset = (index - firstExtent) * extentSize
    let left = arenas[offset / stride].capacity - offset % stride
    return unsafe UnsafeMutableRawBufferPointer(start: base + offset, count: min(extentSize, left))
  }

  /// True when all memory of extent `index` is resident: registering it with a ring then pins what is there and faults nothing in.
  package func isExtentCommitted(_ index: Int) -> Bool {
    let offset = (index - firstExtent) * extentSize
    let range = unsafe extentRange(index)
    return arenas[offset / stride].committed >= offset % stride + range.count
  }

  /// Bytes resident in all arenas.
  package var committed: Int { arenas.reduce(0) { $0 + $1.committed } }

  /// Addresses kept for the arenas; given back as a whole.
  @safe private final class Reservation: Sendable {
    // SAFETY: constants; the memory is unmapped once, in deinit.
    nonisolated(unsafe) let base: UnsafeMutableRawPointer
    private nonisolated(unsafe) let start: UnsafeMutableRawPointer
    private let length: Int

    init(_ count: Int) throws(RingError) {
      length = count + Arena.chunkSize
      let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
      let mapped = unsafe mmap(nil, length, PROT_NONE, flags, -1, 0)
      guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
        throw RingError(operation: "arena.reserve", result: -Glibc.errno)
      }
      unsafe start = mapped
      unsafe base = mapped.alignedUp(toMultipleOf: Arena.chunkSize)
    }

    deinit { unsafe munmap(start, length) }
  }
}
