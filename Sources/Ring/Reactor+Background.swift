// Work that nobody waits for: what loads do on a ring that also serves.
//
//   turn:  jobs, all that are ready ─▶ background, one and more for 50 µs ─▶ kernel, completions ─▶ …

extension Reactor {
  /// How long background work may keep the ring from looking at what has come, nanoseconds.
  private static let backgroundTime: UInt64 = 50_000
  /// Its share of a turn's time, however much else is ready: one part in so many.
  private static let backgroundShare: UInt64 = 16

  /// Runs background jobs after a turn's others, which began at `start`: one at least, more for as long as nothing else is ready
  /// and the time is not up, and a sixteenth of the turn whatever is ready.
  ///
  /// So a background job waits for those before it, and the queue gets on in every turn: nothing starves.
  func runBackground(since start: UInt64) {
    guard !background.isEmpty else { return }
    let begin = monotonicNow()
    let end = begin &+ Self.backgroundTime
    let share = begin &+ (begin &- start) / Self.backgroundShare
    while let job = background.popFirst() {
      unsafe job.runSynchronously(on: asUnownedTaskExecutor())
      let time = monotonicNow()
      guard time < share || jobs.isEmpty && time < end else { return }
    }
  }

  /// Lets the ring look at what has come, and what is ready run, before the calling task goes on.
  package func yield() async {
    preconditionOnReactor()
    await unsafe withUnsafeContinuation { unsafe yielded.append($0) }
  }

  /// Lets those go on who let others go first.
  func resumeYielded() {
    guard unsafe !yielded.isEmpty else { return }
    let all = unsafe yielded
    unsafe yielded.removeAll(keepingCapacity: true)
    for index in unsafe all.indices { unsafe all[index].resume() }
  }
}
