// Dispatch: a free slot takes the next batch at once.

import Model

extension SchedulerCore {
  /// Fills the free slots of workers that may take a task.
  func dispatch() {
    guard !isHolding else { return }
    for place in ready.takeAll() { fill(place) }
  }

  private func fill(_ place: Int) {
    while workers[place].isLive, hasSlot(place) {
      guard workers[place].blockedUntil <= now.ticks, let run = next(for: place) else { return }
      send(run, to: place)
    }
  }

  /// The job whose turn it is at a worker: priority, then least at that worker, then age.
  private func next(for place: Int) -> JobRun? {
    var best: JobRun?
    for run in running where isReady(run, at: place) {
      guard let other = best else {
        best = run
        continue
      }
      let (mine, its) = (
        run.record.specification.options.priority, other.record.specification.options.priority
      )
      if mine > its || mine == its && run.taskCounts[place] < other.taskCounts[place] {
        best = run
      }
    }
    return best
  }

  /// Whether a job has a batch for a worker: a full one, or one that nothing will be added to soon.
  private func isReady(_ run: JobRun, at place: Int) -> Bool {
    guard run.isActive, !run.queues[place].isEmpty, hasSlot(for: run, at: place) else {
      return false
    }
    return run.queues[place].count >= run.batchSize || run.listNumber == nil
      || run.taskCounts[place] == 0
  }

  private func send(_ run: JobRun, to place: Int) {
    let alone = run.queues[place].first?.travelsAlone == true
    let units = take(alone ? 1 : run.batchSize, of: run, for: place)
    guard !units.isEmpty else { return }
    let id = TaskID(epoch: epoch, number: takeNumber())
    let task = TaskRun(id: id, run: run, place: place, units: units, now: now.ticks)
    if tasks.isEmpty { stallDue = now.ticks &+ 1_000_000_000 }
    tasks[id.number] = task
    run.tasks.insert(id.number)
    run.taskCounts[place] += 1
    workers[place].taskCount += 1
    if run.isLimited { workers[place].limitedCount += 1 }
    run.totals.subtasks &+= Int64(units.count)
    metrics.dispatchedTasks += 1
    metrics.dispatchedFiles &+= UInt64(units.count)
    var request = TaskRequest(
      id: id, job: run.id, worker: workers[place].info.identity, action: action(of: run),
      specification: run.record.specification, files: files(of: units, in: run))
    request.pass = run.totals.verificationCount
    request.continues = run.reliance.incarnations[workers[place].info.identity] != nil
    if !run.hasDispatched {
      run.hasDispatched = true
      let name = workers[place].info.name
      effects.append(.note(.jobDispatches(run.id, worker: name, files: units.count)))
    }
    effects.append(.dispatch(request))
  }

  /// The files of a batch, with their targets where they have one.
  private func files(of units: [FileWork], in run: JobRun) -> [TaskFile] {
    let specification = run.record.specification
    guard specification.type == .copy || specification.type == .move else {
      return units.map(\.file)
    }
    return units.map { unit in
      var file = unit.file
      file.target = specification.targetPath(of: file.path) ?? ""
      return file
    }
  }

  private func action(of run: JobRun) -> TaskAction {
    switch run.record.specification.type {
    case .load where run.record.specification.options.metadataOnly: .loadMetadata
    case .load where run.isCheck: .check
    case .load: run.isVerification ? .verify : .load
    case .free: .free
    case .copy: .copy
    case .move: .move
    }
  }
}
