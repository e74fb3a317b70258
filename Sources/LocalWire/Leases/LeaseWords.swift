// The lease table in memory, as both sides see it.
//
//   worker                                  client
//   store word (ended)   ─┐                 read the page's bytes
//   let the pin go        │ release         fence (acquire)
//   … memory is reused ───┘                 load word: live → the bytes were the page's

import Synchronization

/// The words of a lease table that is mapped: writable in the worker, read-only in a client.
@safe package struct LeaseWords: @unchecked Sendable {
  // SAFETY: whoever makes this keeps `count` words mapped; each is accessed atomically only.
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  /// Slots of the table.
  package let count: Int

  /// The table of `count` slots at `base`, which is aligned to 8 and stays mapped as long as this is used.
  package init(_ base: UnsafeRawPointer, count: Int) {
    precondition(UInt(bitPattern: base) % 8 == 0, "words are aligned")
    unsafe words = UnsafeMutableRawPointer(mutating: base)
      .assumingMemoryBound(to: Atomic<UInt64>.self)
    self.count = count
  }

  /// Whether the lease is live now; what was read of the page before this call was the page's, then.
  ///
  /// The fence keeps those reads from being done after the word's.
  @inline(__always)
  package func isLive(_ mark: LeaseMark) -> Bool {
    guard Int(mark.slot) < count else { return false }
    atomicMemoryFence(ordering: .acquiring)
    let word = unsafe words[Int(mark.slot)].load(ordering: .acquiring)
    return LeaseWord.isLive(word, generation: mark.generation)
  }

  /// Writes the word of `slot`; only the worker may.
  package func store(_ word: UInt64, at slot: UInt32) {
    precondition(Int(slot) < count, "the slot is one of the table")
    unsafe words[Int(slot)].store(word, ordering: .releasing)
    // What follows is never seen before the word.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }
}
