// Workers come and go; tasks get stuck; time passes.

import Model

extension SchedulerCore {
  /// A worker is there; what it ran before it went, or before it was started anew, is lost.
  func join(_ info: WorkerInfo) {
    var newPlace: Int?
    joined.insert(info.identity)
    if let place = places[info.identity] {
      let isAnew = workers[place].info.incarnation != info.incarnation
      dropTasks(at: place, isAnew ? "the worker was started anew" : "the worker came back")
      workers[place].info = info
      workers[place].isLive = true
      workers[place].lostDate = nil
      workers[place].brokenCount = 0
      workers[place].isUnreachable = false
      workers[place].blockedUntil = 0
    } else {
      newPlace = freePlace(for: info)
    }
    membershipChanged()
    if let newPlace { extendFree(to: newPlace) }
  }

  /// A place for a worker that is not known: a removed one's, unless a job may still speak of that, else a new one.
  private func freePlace(for info: WorkerInfo) -> Int {
    // Only a FREE speaks of places where nothing is queued or runs.
    let isFree = !running.contains { $0.record.specification.type == .free }
    if isFree, let place = workers.firstIndex(where: { $0.isRemoved && $0.taskCount == 0 }) {
      workers[place] = WorkerSlot(info: info)
      places[info.identity] = place
      return place
    }
    places[info.identity] = workers.count
    workers.append(WorkerSlot(info: info))
    return workers.count - 1
  }

  /// A lost worker is not expected any more: it is neither listed nor asked by a FREE.
  func remove(_ identity: WorkerIdentity) {
    guard let place = places[identity], !workers[place].isLive else { return }
    places[identity] = nil
    joined.remove(identity)
    workers[place].isRemoved = true
  }

  /// A worker is gone.
  func lose(_ identity: WorkerIdentity) {
    guard let place = places[identity], workers[place].isLive else { return }
    workers[place].isLive = false
    workers[place].lostDate = now.date
    membershipChanged()
    dropTasks(at: place, "the worker was lost")
  }

  /// Since when a worker that is not there is away.
  func absence(of place: Int) -> String {
    workers[place].lostDate.map { "away since \(DateText.iso($0))" } ?? "away"
  }

  /// What helps a FREE that asks a worker which is away: its cache may come back with it.
  static let absenceRemedy =
    "start it, or free again once it is no longer listed (alluxio.master.lost.worker.deletion.timeout)"

  /// Which workers that a FREE has to ask are away, since when, and what helps; nil when all are there.
  func absentWorkers(of run: JobRun) -> String? {
    let away = run.awayPlaces.sorted().filter { !workers[$0].isLive }
    guard let first = away.first else { return nil }
    let rest = away.count > 1 ? " and \(away.count - 1) more workers" : ""
    return "\(workers[first].info.name)\(rest): \(absence(of: first)); \(Self.absenceRemedy)"
  }

  private func membershipChanged() {
    live = workers.indices.filter { workers[$0].isLive }
    placement.setWorkers(live.map { workers[$0].info.identity })
    replanAll()
    for place in live { ready.insert(place) }
  }

  /// The tasks of a worker will not be answered any more.
  private func dropTasks(at place: Int, _ reason: String) {
    let numbers = tasks.values.lazy.filter { $0.place == place }.map(\.id.number).sorted()
    var losses: [(job: JobID, tasks: Int, files: Int)] = []
    for number in numbers {
      guard let task = tasks.removeValue(forKey: number) else { continue }
      if !task.isAbandoned {
        detach(task)
        metrics.brokenTasks += 1
        let index = losses.firstIndex { $0.job == task.run.id } ?? losses.count
        if index == losses.count { losses.append((task.run.id, 0, 0)) }
        losses[index].tasks += 1
        losses[index].files += task.openCount
        if task.isAudit { askAgain(task) }
        takeUp(
          task, "\(TaskFailure.workerNotReachable.rawValue): \(reason)",
          everyUnitIsAtFault: task.underway == nil)
      }
    }
    let name = workers[place].info.name
    for loss in losses {
      effects.append(
        .note(
          .jobLosesTasks(
            loss.job, worker: name, tasks: loss.tasks, files: loss.files, reason: reason)))
    }
    workers[place].taskCount = 0
    workers[place].limitedCount = 0
    workers[place].stuckCount = 0
  }

  /// A job takes back what it has at workers.
  func abandonTasks(of run: JobRun) {
    for number in run.tasks.sorted() {
      guard let task = tasks[number] else { continue }
      task.isAbandoned = true
      detach(task)
      effects.append(.cancel(task.id, worker: workers[task.place].info.identity))
    }
    run.tasks = []
  }

  // MARK: Time

  /// Time has passed.
  func tick() {
    resumeWriting()
    for place in live where workers[place].blockedUntil <= now.ticks {
      // Tried again with what comes anew; once more in vain is enough to be passed over again.
      workers[place].isUnreachable = false
      ready.insert(place)
    }
    if !tasks.isEmpty, now.ticks >= stallDue { findStuckTasks() }
    if now.ticks >= cleanupDue {
      cleanupDue = now.ticks &+ limits.cleanupInterval.clampedNanoseconds
      let kept = Int64(clamping: limits.retention.clampedNanoseconds / 1_000_000)
      effects.append(.removeEnded(before: now.date &- kept))
    }
  }

  private func findStuckTasks() {
    stallDue = now.ticks &+ 1_000_000_000
    let (stall, slow) = (
      limits.stallTime.clampedNanoseconds, limits.slowTime.clampedNanoseconds
    )
    for number in tasks.keys.sorted() {
      guard let task = tasks[number], !task.isAbandoned else { continue }
      if now.ticks &- task.heardAt >= stall {
        giveElsewhere(task)
      } else if !task.isSlow, !task.run.isLimited, now.ticks &- task.startedAt >= slow {
        task.isSlow = true
        metrics.slowTasks += 1
        effects.append(.note(.taskSlow(description(of: task, since: task.startedAt))))
      }
    }
  }

  /// Gives the files of a stuck task to other workers; its slot stays taken until the worker answers.
  private func giveElsewhere(_ task: TaskRun) {
    let stuck = description(of: task, since: task.heardAt)
    task.isAbandoned = true
    task.isStuck = true
    metrics.stuckTasks += 1
    workers[task.place].stuckCount += 1
    effects.append(.note(.taskStuck(stuck)))
    effects.append(.cancel(task.id, worker: stuck.worker))
    detach(task)
    let isNew = workers[task.place].stuckCount == limits.tasksPerWorker
    if isNew {
      effects.append(.note(.workerSuspect(stuck.worker, name: stuck.workerName)))
      for run in running { replan(run, places: [task.place]) }
    }
    if task.isAudit { doubt(task, "does not answer") }
    takeUp(
      task, "no progress in \(limits.stallTime)", everyUnitIsAtFault: task.underway == nil,
      moves: true)
  }

  func description(of task: TaskRun, since: UInt64) -> StuckTask {
    let info = workers[task.place].info
    let age = Int64(clamping: (now.ticks &- since) / 1_000_000)
    return StuckTask(
      task: task.id, job: task.run.id, worker: info.identity, workerName: info.name,
      path: task.path, since: since, sinceDate: now.date &- age)
  }
}
