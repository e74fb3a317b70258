// What workers say of their tasks.

import Model

extension SchedulerCore {
  /// A task goes on.
  func progress(_ id: TaskID, _ results: [FileResult], underway: Int?, arrived: Int64) {
    guard let task = task(id, results) else { return }
    task.heardAt = now.ticks
    if task.isAudit { return task.finding = results.last?.outcome ?? task.finding }
    task.underway = underway
    task.arrived = min(max(0, arrived), task.bytes)
    take(results, of: task)
    if task.openCount < task.units.count { workers[task.place].brokenCount = 0 }
    checkThresholds(task.run)
  }

  /// A task has ended.
  func finish(_ id: TaskID, _ results: [FileResult], _ end: TaskEnd) {
    guard id.epoch == epoch, let task = tasks.removeValue(forKey: id.number) else {
      metrics.lateResults += UInt64(results.count)
      return
    }
    freeSlot(of: task)
    metrics.endedTasks += 1
    metrics.taskNanoseconds &+= now.ticks &- task.startedAt
    guard !task.isAbandoned else {
      metrics.lateResults += UInt64(results.count)
      return
    }
    detach(task)
    if task.isAudit {
      task.finding = results.last?.outcome ?? task.finding
      return takeAudit(task, end)
    }
    take(results, of: task)
    takeUpRest(of: task, after: end)
    checkThresholds(task.run)
  }

  private func task(_ id: TaskID, _ results: [FileResult]) -> TaskRun? {
    guard id.epoch == epoch, let task = tasks[id.number], !task.isAbandoned else {
      metrics.lateResults += UInt64(results.count)
      return nil
    }
    return task
  }

  private func freeSlot(of task: TaskRun) {
    workers[task.place].taskCount -= 1
    if task.run.isLimited, !task.isAudit { workers[task.place].limitedCount -= 1 }
    if task.isStuck { workers[task.place].stuckCount -= 1 }
    ready.insert(task.place)
  }

  /// A task no longer counts for its job.
  func detach(_ task: TaskRun) {
    guard task.run.tasks.remove(task.id.number) != nil else { return }
    task.run.taskCounts[task.place] -= 1
  }

  /// Counts each result that is the first for its file.
  private func take(_ results: [FileResult], of task: TaskRun) {
    rely(task.run, on: task.place, for: results)
    for result in results {
      guard task.units.indices.contains(result.index), !task.isSettled[result.index] else {
        metrics.lateResults += 1
        continue
      }
      task.isSettled[result.index] = true
      task.openCount -= 1
      task.run.unitCount -= 1
      settle(task.units[result.index], result.outcome, in: task.run)
    }
  }

  /// Takes up what an ended task left open.
  private func takeUpRest(of task: TaskRun, after end: TaskEnd) {
    switch end {
    case .done, .cancelled:
      workers[task.place].brokenCount = 0
      // A worker that says nothing of a file has not dealt with it.
      return takeUp(task, "the worker gave no result", everyUnitIsAtFault: true)
    case .refused:
      workers[task.place].blockedUntil = now.ticks &+ 100_000_000
      return takeUp(task, nil, everyUnitIsAtFault: false)
    case .failed(let kind, let text):
      metrics.brokenTasks += 1
      workers[task.place].brokenCount += 1
      workers[task.place].blockedUntil = now.ticks &+ backoff(workers[task.place].brokenCount)
      let isGone = kind == .workerNotReachable && passOver(task.place)
      takeUp(
        task, "\(kind.rawValue): \(text)",
        everyUnitIsAtFault: task.underway == nil && kind != .workerNotReachable, moves: isGone)
    }
  }

  /// Tasks in a row that cannot reach a worker before others get its files.
  static let unreachableCountMin = 3

  /// Gives what waits for a worker to others once it could not be reached several times in a row; returns whether that is so.
  private func passOver(_ place: Int) -> Bool {
    guard workers[place].brokenCount >= Self.unreachableCountMin else { return false }
    if !workers[place].isUnreachable {
      workers[place].isUnreachable = true
      let info = workers[place].info
      effects.append(.note(.workerSuspect(info.identity, name: info.name)))
      for run in running { replan(run, places: [place]) }
    }
    return true
  }

  /// Takes up the open units of a task again: those it broke off at have met a failing worker once more.
  ///
  /// With `moves` the others go to another worker, too.
  func takeUp(
    _ task: TaskRun, _ reason: String?, everyUnitIsAtFault: Bool, moves: Bool = false
  ) {
    for index in task.units.indices where !task.isSettled[index] {
      task.isSettled[index] = true
      task.openCount -= 1
      task.run.unitCount -= 1
      guard let reason, everyUnitIsAtFault || index == task.underway else {
        var work = task.units[index]
        if moves { work.turn &+= 1 }
        add(work, to: task.run)
        continue
      }
      retry(task.units[index], FileFailure(.worker, reason, retryAfter: .zero), in: task.run)
    }
  }

  // MARK: Outcomes

  private func settle(_ work: FileWork, _ outcome: FileOutcome, in run: JobRun) {
    switch outcome {
    case .failed(let failure): return retry(work, failure, in: run)
    case .missing:
      let failure = FileFailure(.worker, "the worker answers another question", retryAfter: .zero)
      return retry(work, failure, in: run)
    case .freed(let count):
      let count = FileCount(files: max(0, count.files), bytes: max(0, count.bytes))
      run.ledger.add(loaded: count)
      metrics.loaded += count
      close(key: key(of: work), page: work.page, in: run)
    case .skipped where work.pinned >= 0: close(key: key(of: work), page: work.page, in: run)
    case .skipped: settle(work, isSkipped: true, bytes: work.file.size, in: run)
    case .done(let bytes): settle(work, isSkipped: false, bytes: max(0, bytes), in: run)
    }
  }

  private func settle(_ work: FileWork, isSkipped: Bool, bytes: Int64, in run: JobRun) {
    guard work.split >= 0 else {
      return conclude(work.file, work.page, isSkipped: isSkipped, bytes: bytes, in: run)
    }
    guard var file = run.splits[work.split] else { return }
    file.isSkipped = file.isSkipped && isSkipped
    if work.replica == 0 { file.doneBytes &+= bytes }
    closeUnit(of: &file, work, in: run)
  }

  /// One of several units of a file is settled.
  private func closeUnit(of file: inout SplitFile, _ work: FileWork, in run: JobRun) {
    file.openCount -= 1
    guard file.openCount == 0 else {
      run.splits[work.split] = file
      return
    }
    run.splits[work.split] = nil
    if let reason = file.failure { return giveUp(file.file, file.page, reason, in: run) }
    if file.isChanged {
      // The pieces are of a version that is gone: the file is loaded whole, as it is now.
      var whole = FileWork(file: file.file, page: file.page)
      whole.file.version = ""
      return add(whole, to: run)
    }
    conclude(
      file.file, file.page, isSkipped: file.isSkipped, bytes: file.doneBytes, in: run)
  }

  /// A file is done.
  private func conclude(
    _ file: TaskFile, _ page: UInt64, isSkipped: Bool, bytes: Int64, in run: JobRun
  ) {
    if isSkipped {
      run.ledger.skip(bytes: file.length)
      metrics.skipped += FileCount(files: 1, bytes: file.length)
    } else {
      run.ledger.load(listed: file.length, bytes: bytes)
      metrics.loaded += FileCount(files: 1, bytes: bytes)
    }
    close(key: file.path, page: page, in: run)
  }

  /// A file is given up.
  func giveUp(_ file: TaskFile, _ page: UInt64, _ reason: String, in run: JobRun) {
    run.ledger.fail(bytes: file.length)
    close(failed: file, key: file.path, page: page, reason, in: run)
  }

  /// A file, or `count` entries that stand for one, counts as failed and is named.
  func close(
    failed file: TaskFile, count: Int64 = 1, key: String, page: UInt64, _ reason: String,
    in run: JobRun
  ) {
    metrics.failed += FileCount(files: count, bytes: file.length)
    run.recentFailures.add(file.path, reason)
    run.givenUpCount += count
    if Self.isTold(run.givenUpCount, after: run.givenUpCount - count) {
      let last = NamedFailure(subject: file.path, reason: reason)
      effects.append(.note(.jobFails(run.id, count: run.givenUpCount, last: last)))
    }
    run.givenUp.append(FailedFile(path: file.path, length: file.length, reason: reason))
    close(key: key, page: page, in: run)
  }

  private func close(key: String, page: UInt64, in run: JobRun) {
    run.settled.append((key: key, page: page))
    run.isDirty = true
    guard page >= run.firstPage else { return }
    run.pages[Int(page - run.firstPage)].openCount -= 1
  }

  // MARK: Failures

  /// A unit failed: another attempt after a pause, or it is given up.
  func retry(_ failed: FileWork, _ failure: FileFailure, in run: JobRun) {
    var work = failed
    var mayRetry = failure.retryAfter != nil
    switch failure.kind {
    case .file:
      work.attemptCount += 1
      work.turn &+= 1
      mayRetry = mayRetry && Int(work.attemptCount) < limits.attemptCountMax
    case .changed:
      work.attemptCount += 1
      if changes(work, in: run) { return }
      work.file.version = ""
      mayRetry = Int(work.attemptCount) < limits.attemptCountMax
    case .worker:
      work.faultCount += 1
      work.turn &+= 1
      mayRetry = mayRetry && Int(work.faultCount) < limits.faultCountMax
    }
    if mayRetry, run.retries.count >= limits.retryCountMax {
      metrics.retryQueueOverflows += 1
      mayRetry = false
    }
    guard mayRetry else {
      if failure.kind == .worker { metrics.finalWorkerFailures += 1 }
      return giveUp(work, failure.reason, in: run)
    }
    if failure.kind == .worker {
      metrics.retriedWorkerFailures += 1
    } else {
      metrics.retriedFileFailures += 1
    }
    run.recentRetries.add(work.file.path, failure.reason)
    run.totals.retriedSubtasks &+= 1
    let count = run.totals.retriedSubtasks
    if Self.isTold(count, after: count &- 1) {
      let last = NamedFailure(subject: work.file.path, reason: failure.reason)
      effects.append(.note(.jobRetries(run.id, count: count, last: last)))
    }
    let pause = backoff(Int(max(work.attemptCount, work.faultCount)))
    let due = now.ticks &+ max(pause, failure.retryAfter?.clampedNanoseconds ?? 0)
    run.retries.insert(Retry(due: due, number: takeNumber(), work: work))
    run.totals.retrying = Int64(run.retries.count)
  }

  /// Whether a count that grew from `before` is told: it reached 1, 10, 100 or so.
  private static func isTold(_ count: Int64, after before: Int64) -> Bool {
    var step: Int64 = 1
    while step <= count {
      if before < step { return true }
      let (next, overflow) = step.multipliedReportingOverflow(by: 10)
      guard !overflow else { return false }
      step = next
    }
    return false
  }

  /// One of several units of a file met another version; false for a file that is one unit.
  private func changes(_ work: FileWork, in run: JobRun) -> Bool {
    guard work.split >= 0, var file = run.splits[work.split] else { return false }
    file.isChanged = true
    closeUnit(of: &file, work, in: run)
    return true
  }

  private func giveUp(_ work: FileWork, _ reason: String, in run: JobRun) {
    run.totals.failedSubtasks &+= 1
    metrics.finalFailures += 1
    if work.pinned >= 0 {
      run.ledger.add(failed: FileCount(files: 1))
      let name = workers[Int(work.pinned)].info.name
      return close(
        failed: work.file, key: key(of: work), page: work.page,
        "\(name): \(ReasonText.without(work.file.path, reason))", in: run)
    }
    guard work.split >= 0 else { return giveUp(work.file, work.page, reason, in: run) }
    guard var file = run.splits[work.split] else { return }
    file.failure = file.failure ?? reason
    closeUnit(of: &file, work, in: run)
  }
}
