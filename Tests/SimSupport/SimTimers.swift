// Timers of virtual time: a binary heap by due time, and by order of setting within one instant.

/// Actions that wait for their instant; confined to one thread.
struct SimTimers {
  /// One action.
  struct Timer {
    let due: UInt64
    let sequence: UInt64
    let action: () -> Void

    func isBefore(_ other: Timer) -> Bool {
      due != other.due ? due < other.due : sequence < other.sequence
    }
  }

  private var heap: [Timer] = []
  private var sequence: UInt64 = 0

  var isEmpty: Bool { heap.isEmpty }

  mutating func add(due: UInt64, _ action: @escaping () -> Void) {
    sequence += 1
    heap.append(Timer(due: due, sequence: sequence, action: action))
    var child = heap.count - 1
    while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Takes the timer that is due first.
  mutating func popFirst() -> Timer? {
    guard let last = heap.popLast() else { return nil }
    guard let first = heap.first else { return last }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].isBefore(heap[least]) { least = child }
      }
      guard least != parent else { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
