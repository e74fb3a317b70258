// Jobs with a bandwidth: at each worker they have in flight what the bandwidth feeds for a moment, and take no slot from others.

extension JobRun {
  /// How long the tasks of a job with a bandwidth may take at it, seconds.
  private static var feedTime: Int64 { 4 }

  /// Whether the job keeps to a bandwidth.
  var isLimited: Bool { record.specification.options.bandwidth != nil }

  /// Bytes that its bandwidth feeds for a moment; nil without one.
  var feed: Int64? {
    record.specification.options.bandwidth.map {
      let (product, overflow) = $0.multipliedReportingOverflow(by: Self.feedTime)
      return overflow ? .max : product
    }
  }
}

extension SchedulerCore {
  /// Whether a worker may be given a task of some job.
  func hasSlot(_ place: Int) -> Bool {
    hasFreeSlot(place)
      || workers[place].limitedCount < limits.limitedTasksPerWorker
        && running.contains { $0.isLimited }
  }

  /// Whether a worker may be given a task of a job.
  func hasSlot(for run: JobRun, at place: Int) -> Bool {
    guard let feed = run.feed else { return hasFreeSlot(place) }
    guard workers[place].limitedCount < limits.limitedTasksPerWorker,
      run.taskCounts[place] < limits.tasksPerWorker
    else { return false }
    guard run.taskCounts[place] > 0 else { return true }
    let inFlight = run.tasks.reduce(Int64(0)) { sum, number in
      guard let task = tasks[number], task.place == place else { return sum }
      return sum &+ task.bytes
    }
    return inFlight < feed
  }

  private func hasFreeSlot(_ place: Int) -> Bool {
    workers[place].taskCount - workers[place].limitedCount < limits.tasksPerWorker
  }

  /// Takes a batch of a job: at most `max` units, and not many more bytes than its bandwidth feeds for a moment.
  func take(_ max: Int, of run: JobRun, for place: Int) -> [FileWork] {
    guard let feed = run.feed else {
      return run.queues[place].take(max: max) { !$0.travelsAlone }
    }
    var bytes = run.queues[place].first?.file.size ?? 0
    return run.queues[place].take(max: max) { work in
      bytes = bytes.addingReportingOverflow(work.file.size).partialValue
      return !work.travelsAlone && bytes >= 0 && bytes <= feed
    }
  }
}
