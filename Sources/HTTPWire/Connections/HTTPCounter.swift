// A number that one thread writes and any thread reads.

import Synchronization

/// A count written by one ring only and read from anywhere.
struct HTTPCounter: ~Copyable, Sendable {
  private let value = Atomic<UInt64>(0)

  /// Adds `amount`; the ring's thread only, so that no locked instruction is needed.
  @inline(__always)
  func add(_ amount: Int = 1) {
    value.store(
      value.load(ordering: .relaxed) &+ UInt64(truncatingIfNeeded: amount), ordering: .relaxed)
  }

  /// The count so far.
  var current: UInt64 { value.load(ordering: .relaxed) }
}
