// What the store's background tasks are told to do, and what they did.

import Synchronization

/// A copy at a moment: the slot and the generation it had.
struct CopyName: Sendable, Equatable {
  let slot: UInt32
  let generation: UInt16
}

/// A page in memory that is to be written below.
struct UnsavedPage: Sendable {
  /// Its copy in memory.
  let name: CopyName
  /// The sums of its units, taken when it was filled and lay in the processor's cache; empty when it has none.
  let sums: [UInt32]
}

/// Queues, events and counters of background work.
final class StoreTasks: Sendable {
  /// Copies in memory that are to be written below.
  let unsaved = WorkQueue<UnsavedPage>()
  /// Copies on disk that are to be brought to memory.
  let promotions = WorkQueue<CopyName>(countMax: 1024)
  /// A page was saved, or room was made: a fill turned away as busy may fit now.
  let room = Event()
  /// A tier rose over its high watermark.
  let overfull = Event()
  /// Pages in `unsaved` or being written.
  let unsavedCount = Atomic<Int>(0)
  /// Resident copies of each volume.
  let copies: AtomicCounters
  let counters = MoveCounters()
  /// Pages found corrupt that nobody was told of.
  let corruptPages = CorruptPages()
  let scrub = ScrubProgress()
  let isClosed = Atomic<Bool>(false)

  init(volumeCount: Int) { copies = AtomicCounters(volumeCount) }

  /// Ends all queues.
  func close() {
    isClosed.store(true, ordering: .sequentiallyConsistent)
    unsaved.close()
    promotions.close()
    room.close()
    overfull.close()
    scrub.wanted.close()
  }
}

/// A fixed number of counters that any thread changes.
@safe final class AtomicCounters: @unchecked Sendable {
  // SAFETY: a constant array, freed once.
  private let cells: UnsafeMutablePointer<Atomic<Int>>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    unsafe cells = .allocate(capacity: max(1, count))
    for number in 0..<count { unsafe (cells + number).initialize(to: Atomic(0)) }
  }

  deinit { unsafe cells.deallocate() }

  /// Adds `delta` to the counter with `number`.
  @inline(__always)
  func add(_ delta: Int, to number: Int) {
    precondition(number < count, "the counter exists")
    unsafe cells[number].add(delta, ordering: .relaxed)
  }

  /// The counter with `number`.
  subscript(number: Int) -> Int {
    precondition(number < count, "the counter exists")
    return unsafe cells[number].load(ordering: .relaxed)
  }
}

/// What moves did.
final class MoveCounters: Sendable {
  /// Pages written from memory to disk, and their bytes.
  let saved = Atomic<Int>(0)
  let savedBytes = Atomic<Int>(0)
  /// Pages no disk took.
  let unsavable = Atomic<Int>(0)
  /// Pages brought from disk to memory, and their bytes.
  let promoted = Atomic<Int>(0)
  let promotedBytes = Atomic<Int>(0)
  /// Pages moved from one disk tier to the next, and their bytes.
  let demoted = Atomic<Int>(0)
  let demotedBytes = Atomic<Int>(0)
  /// Hits served from disk.
  let storedHits = Atomic<Int>(0)
  /// Pages whose bytes did not match, and pages that could not be read.
  let corrupt = Atomic<Int>(0)
  let unreadable = Atomic<Int>(0)
  /// Times that a background task waited for memory.
  let memoryShortages = Atomic<Int>(0)
}
