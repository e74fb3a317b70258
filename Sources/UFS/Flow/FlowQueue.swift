// Waiters of one purpose in one lane: flows take turns, each in its own order.

/// A queue that serves flows round-robin.
struct FlowQueue {
  private var lines: [UInt64: FlowLine] = [:]
  private var turns = LinkedList<FlowLine>()
  /// Waiters in it.
  private(set) var count = 0
  /// Times in a row that a waiter could have gone and a more urgent one went.
  var passedOver = 0

  /// An empty queue.
  init() {}

  /// Adds `waiter` to the line of `flow`.
  mutating func append(_ waiter: FlowWaiter, flow: UInt64) {
    let line: FlowLine
    if let found = lines[flow] {
      line = found
    } else {
      line = FlowLine(flow: flow)
      lines[flow] = line
      turns.append(line)
    }
    line.waiters.append(waiter)
    waiter.line = line
    count += 1
  }

  /// Who is next; nil when nobody waits.
  var first: FlowWaiter? { turns.first?.waiters.first }

  /// Takes out who is next; its flow goes to the end.
  mutating func popFirst() -> FlowWaiter? {
    guard let line = turns.first, let waiter = line.waiters.first else { return nil }
    remove(waiter)
    if !line.waiters.isEmpty {
      turns.remove(line)
      turns.append(line)
    }
    return waiter
  }

  /// Takes `waiter`, which is in this queue, out.
  mutating func remove(_ waiter: FlowWaiter) {
    guard let line = waiter.line else { return }
    line.waiters.remove(waiter)
    waiter.line = nil
    count -= 1
    guard line.waiters.isEmpty else { return }
    turns.remove(line)
    lines[line.flow] = nil
  }
}
