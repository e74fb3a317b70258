// Workers come and go; tasks get stuck; time passes.

import Model

extension SchedulerCore {
  /// A worker is there; what it ran before it went, or before it was started anew, is lost.
  func join(_ info: WorkerInfo) {
    var isNew = false
    joined.insert(info.identity)
    if let place = places[info.identity] {
      let isAnew = workers[place].info.incarnation != info.incarnation
      dropTasks(at: place, isAnew ? "the worker was started anew" : "the worker came back")
      workers[place].info = info
      workers[place].isLive = true
      workers[place].brokenCount = 0
      workers[place].blockedUntil = 0
    } else {
      places[info.identity] = workers.count
      workers.append(WorkerSlot(info: info))
      isNew = true
    }
    membershipChanged()
    if isNew { extendFree(to: workers.count - 1) }
  }

  /// A worker is gone.
  func lose(_ identity: WorkerIdentity) {
    guard let place = places[identity], workers[place].isLive else { return }
    workers[place].isLive = false
    membershipChanged()
    dropTasks(at: place, "the worker was lost")
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
    for number in numbers {
      guard let task = tasks.removeValue(forKey: number) else { continue }
      if !task.isAbandoned {
        detach(task)
        metrics.brokenTasks += 1
        takeUp(
          task, "\(TaskFailure.workerNotReachable.rawValue): \(reason)",
          everyUnitIsAtFault: task.underway == nil)
      }
    }
    workers[place].taskCount = 0
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
    for place in live where workers[place].blockedUntil <= now.ticks { ready.insert(place) }
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
      } else if !task.isSlow, now.ticks &- task.startedAt >= slow {
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
    takeUp(
      task, "no progress in \(limits.stallTime)", everyUnitIsAtFault: task.underway == nil,
      moves: true)
  }

  func description(of task: TaskRun, since: UInt64) -> StuckTask {
    let info = workers[task.place].info
    return StuckTask(
      task: task.id, job: task.run.id, worker: info.identity, workerName: info.name,
      path: task.path, since: since)
  }
}
