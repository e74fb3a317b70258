// Deadlines of one reactor: a binary heap, confined to its thread. Cancelled timers stay in the heap until due (their
// identifier no longer stands for anything), so cancelling is O(1).

/// A heap of deadlines with the continuations that wait for them.
@safe struct TimerQueue: ~Copyable {
  /// One waiting task.
  struct Entry {
    var deadline: UInt64
    var id: UInt64
  }

  private var heap: [Entry] = []
  private var waiting: [UInt64: UnsafeContinuation<Bool, Never>] = unsafe [:]
  private var nextID: UInt64 = 1

  /// Deadline of the earliest timer, in monotonic nanoseconds.
  var earliest: UInt64? { heap.first?.deadline }
  var count: Int { unsafe waiting.count }

  /// An identifier for a timer about to be added.
  mutating func makeID() -> UInt64 {
    defer { nextID += 1 }
    return nextID
  }

  /// Adds a timer; its continuation gets true when the deadline passed and false when it was cancelled.
  mutating func add(id: UInt64, deadline: UInt64, _ continuation: UnsafeContinuation<Bool, Never>) {
    unsafe waiting[id] = unsafe continuation
    heap.append(Entry(deadline: deadline, id: id))
    siftUp(heap.count - 1)
  }

  /// Ends the wait of timer `id` early; does nothing when it is already over.
  mutating func cancel(id: UInt64) {
    guard let continuation = unsafe waiting.removeValue(forKey: id) else { return }
    unsafe continuation.resume(returning: false)
  }

  /// Ends the wait of all timers that are due at `now`.
  mutating func fire(now: UInt64) {
    while let first = heap.first, first.deadline <= now {
      removeFirst()
      if let continuation = unsafe waiting.removeValue(forKey: first.id) {
        unsafe continuation.resume(returning: true)
      }
    }
  }

  /// Ends the wait of every timer early.
  mutating func cancelAll() {
    heap.removeAll()
    let all = unsafe waiting
    unsafe waiting.removeAll()
    unsafe all.forEach { unsafe $0.value.resume(returning: false) }
  }

  private mutating func removeFirst() {
    let last = heap.removeLast()
    guard !heap.isEmpty else { return }
    heap[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { return }
      if child + 1 < heap.count, heap[child + 1].deadline < heap[child].deadline { child += 1 }
      guard heap[child].deadline < heap[parent].deadline else { return }
      heap.swapAt(parent, child)
      parent = child
    }
  }

  private mutating func siftUp(_ index: Int) {
    var child = index
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].deadline < heap[parent].deadline else { return }
      heap.swapAt(parent, child)
      child = parent
    }
  }
}
