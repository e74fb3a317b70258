// Counters that every ring bumps without meeting another ring's cache line.

import Glibc
import Synchronization

/// A fixed set of counters, one cache-line-padded copy of each per ring; read by summing.
// SAFETY: the cells are atomics in memory that never moves and lives as long as the object.
@safe package final class StripedCounters: @unchecked Sendable {
  private let cells: UnsafeMutablePointer<Atomic<UInt64>>
  private let stride: Int
  private let stripeCount: Int
  private let count: Int

  /// Counters 0 … `count` − 1 with `stripes` copies, all zero.
  package init(count: Int, stripes: Int) {
    precondition(count > 0, "a set has a counter")
    precondition(stripes > 0, "a set has a stripe")
    self.count = count
    stripeCount = stripes
    stride = (count + 7) / 8 * 8
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: stride * stripes * 8, alignment: 64)
    unsafe cells = memory.bindMemory(to: Atomic<UInt64>.self, capacity: stride * stripes)
    for cell in 0..<stride * stripes { unsafe (cells + cell).initialize(to: Atomic(0)) }
  }

  deinit { unsafe cells.deallocate() }

  /// Adds `amount` to `counter` in the copy `stripe`.
  @inline(__always)
  package func add(_ amount: UInt64, to counter: Int, stripe: Int) {
    precondition(counter < count, "a counter is one of the set")
    precondition(stripe < stripeCount, "a stripe is one of the set")
    unsafe cells[stripe * stride + counter].wrappingAdd(amount, ordering: .relaxed)
  }

  /// The sum of `counter` over all stripes.
  package func value(_ counter: Int) -> UInt64 {
    precondition(counter < count, "a counter is one of the set")
    var sum: UInt64 = 0
    for stripe in 0..<stripeCount {
      sum &+= unsafe cells[stripe * stride + counter].load(ordering: .relaxed)
    }
    return sum
  }

  /// The value of `counter` in the copy `stripe` alone.
  package func value(_ counter: Int, stripe: Int) -> UInt64 {
    precondition(counter < count, "a counter is one of the set")
    precondition(stripe < stripeCount, "a stripe is one of the set")
    return unsafe cells[stripe * stride + counter].load(ordering: .relaxed)
  }
}
