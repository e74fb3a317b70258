// The deadlines of waiting requests: a binary heap. Those who left early stay in it until due, or until they are more
// than half of it.

/// A heap of waiters by deadline.
struct DeadlineHeap {
  private var heap: [(deadline: UInt64, waiter: FlowWaiter)] = []

  /// An empty heap.
  init() {}

  /// The earliest deadline; it may be of one who left.
  var earliest: UInt64? { heap.first?.deadline }

  /// Adds `waiter`; `waiting` is how many wait in all.
  mutating func add(_ waiter: FlowWaiter, waiting: Int) {
    guard waiter.deadline < .max else { return }
    if heap.count > 2 * waiting + 64 {
      // A sorted array is a heap.
      heap = heap.filter(\.waiter.isWaiting).sorted { $0.deadline < $1.deadline }
    }
    heap.append((waiter.deadline, waiter))
    var child = heap.count - 1
    while child > 0, heap[child].deadline < heap[(child - 1) / 2].deadline {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Takes out one waiter whose deadline passed at `now`, whoever left included; nil when there is none.
  mutating func popDue(_ now: UInt64) -> FlowWaiter? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first.waiter }
    heap[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].deadline < heap[child].deadline { child += 1 }
      guard heap[child].deadline < heap[parent].deadline else { break }
      heap.swapAt(parent, child)
      parent = child
    }
    return first.waiter
  }
}
