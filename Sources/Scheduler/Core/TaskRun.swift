// A task at a worker.

/// A task that was dispatched and has not ended; belongs to the core.
final class TaskRun {
  /// Its identity.
  let id: TaskID
  /// Its job.
  let run: JobRun
  /// Its worker's place.
  let place: Int
  /// Its units, in the order of the request's files.
  let units: [FileWork]
  /// Bytes of its units.
  let bytes: Int64
  /// Which of them are settled.
  var isSettled: [Bool]
  /// How many are not.
  var openCount: Int
  /// When it was dispatched, ticks.
  let startedAt: UInt64
  /// When it was last heard of, ticks.
  var heardAt: UInt64
  /// The unit it is at, as far as known.
  var underway: Int?
  /// Bytes that have come of units that are not settled.
  var arrived: Int64 = 0
  /// Whether its units are no longer its: it was found stuck, or its job has ended.
  var isAbandoned = false
  /// Whether it was found stuck.
  var isStuck = false
  /// Whether it was named as slow.
  var isSlow = false
  /// Whether it asks if the worker still has what its job counts; it has no units.
  var isAudit = false
  /// What an audit found; nil before.
  var finding: FileOutcome?

  /// A task of `units`.
  init(id: TaskID, run: JobRun, place: Int, units: [FileWork], now: UInt64) {
    self.id = id
    self.run = run
    self.place = place
    self.units = units
    bytes = units.reduce(0) { $0 &+ $1.file.size }
    isSettled = Array(repeating: false, count: units.count)
    openCount = units.count
    startedAt = now
    heardAt = now
  }

  /// The path it is at: the one it named, else the first that is open.
  var path: String {
    if isAudit { return run.record.specification.subject }
    let open = isSettled.firstIndex(of: false)
    guard let index = underway ?? open, units.indices.contains(index) else { return "" }
    return units[index].file.path
  }
}
