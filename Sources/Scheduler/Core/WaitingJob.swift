// Jobs that wait for their turn, or to be told that they will not have it.

/// A job that waits.
struct WaitingJob {
  /// Its record, encoded: hundreds of thousands of them are in memory.
  var record: [UInt8]
  /// Orders jobs by age.
  var sequence: UInt64
}

/// A place in the line of those that wait.
struct WaitingTurn {
  /// Higher ones come first.
  var priority: Int32
  /// Among equals, the older one.
  var sequence: UInt64
  /// The job.
  var id: JobID

  /// Whether `left` comes before `right`.
  static func isBefore(_ left: WaitingTurn, _ right: WaitingTurn) -> Bool {
    left.priority != right.priority
      ? left.priority > right.priority : left.sequence < right.sequence
  }
}

/// A job that was stopped while it waited.
struct StoppingJob {
  /// Its last record.
  var record: JobRecord
  /// Who waits for that to be on disk.
  var requests: [UInt64]
}

/// Places that may be given a task, each once, in the order they were added.
struct ReadySet {
  private var order: [Int] = []
  private var isIn: [Bool] = []

  /// Adds a place.
  mutating func insert(_ place: Int) {
    while isIn.count <= place { isIn.append(false) }
    guard !isIn[place] else { return }
    isIn[place] = true
    order.append(place)
  }

  /// Takes all places.
  mutating func takeAll() -> [Int] {
    let taken = order
    order.removeAll(keepingCapacity: true)
    for place in taken { isIn[place] = false }
    return taken
  }
}
