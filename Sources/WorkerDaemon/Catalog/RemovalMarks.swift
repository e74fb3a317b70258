// Which files' entries may have left the catalog since a page was noted: a counter for each of a few groups of files.
//
// A file whose group's counter moved is noted once more, which is harmless; one whose entry was removed always is.

import Model
import Synchronization

/// Counters of removals; safe from any thread.
final class RemovalMarks: Sendable {
  /// Groups; a power of two.
  private static let groupCount = 4096

  private let counters: [Counter] = (0..<groupCount).map { _ in Counter() }

  /// A counter of one group.
  private final class Counter: Sendable {
    let value = Atomic<UInt32>(1)
  }

  private func counter(of key: FileKey) -> Counter {
    counters[Int(truncatingIfNeeded: key.low) & (Self.groupCount - 1)]
  }

  /// The mark of the group of `key`; never 0.
  func mark(of key: FileKey) -> UInt32 {
    let mark = counter(of: key).value.load(ordering: .acquiring)
    return mark == 0 ? 1 : mark
  }

  /// Says that the entry of `key` is about to be removed.
  func add(_ key: FileKey) {
    counter(of: key).value.wrappingAdd(1, ordering: .acquiringAndReleasing)
  }
}
