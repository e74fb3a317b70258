// Moments at which a connection goes on.

/// A binary heap of moments.
struct TimerHeap {
  private var entries: [(time: UInt64, id: Int)] = []

  /// The earliest moment.
  var next: UInt64? { entries.first?.time }

  /// Adds a moment of a connection.
  mutating func add(_ time: UInt64, _ id: Int) {
    entries.append((time, id))
    var child = entries.count - 1
    while child > 0, entries[(child - 1) / 2].time > entries[child].time {
      entries.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Takes the earliest connection whose moment is not after `now`.
  mutating func pop(_ now: UInt64) -> Int? {
    guard let first = entries.first, first.time <= now else { return nil }
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < entries.count && entries[child].time < entries[least].time { least = child }
      if least == parent { return first.id }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}
