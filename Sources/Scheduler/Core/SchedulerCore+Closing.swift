// The end of a job that is stopped, or fails, while tasks of it are at work.
//
//   LOAD              ends at once: a file more in the cache than counted misleads nobody
//   FREE COPY MOVE    tasks are called off, say what they have done, and then the end is written: its counts are exact

extension SchedulerCore {
  /// Takes a job's work back and writes its end, for jobs that change files once their tasks have said what they did.
  func close(_ run: JobRun, failure: String?) {
    guard run.record.specification.type != .load, !run.tasks.isEmpty else {
      return writeEnd(of: run, failure: failure)
    }
    run.closing = Closing(
      failure: failure, due: now.ticks &+ limits.closeTime.clampedNanoseconds)
    if run.listNumber != nil || run.countNumber != nil {
      (run.listNumber, run.countNumber) = (nil, nil)
      effects.append(.endListing(run.id))
    }
    for number in run.tasks.sorted() {
      guard let task = tasks[number] else { continue }
      effects.append(.cancel(task.id, worker: workers[task.place].info.identity))
    }
  }

  /// Writes the end that waited, once every task has answered or the time is over.
  func finishClosing(_ run: JobRun) {
    guard let closing = run.closing, run.tasks.isEmpty || now.ticks >= closing.due else { return }
    run.closing = nil
    var failure = closing.failure
    if !run.tasks.isEmpty {
      let names = Set(run.tasks.compactMap { tasks[$0].map { workers[$0.place].info.name } })
      let silence =
        "\(names.sorted().joined(separator: ", ")) did not say in time what became of the files"
        + " in \(run.tasks.count) tasks: they are not counted."
      failure = failure.map { "\($0) \(silence)" } ?? silence
    }
    writeEnd(of: run, failure: failure)
  }
}
