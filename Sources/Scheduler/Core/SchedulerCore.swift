// The scheduler without I/O: events in, effects out.
//
//   driver ──handle(event, at: time)──▶ SchedulerCore ──takeEffects()──▶ driver
//             ▲                                                            │
//             └── store, listing, workers, callers ◀──────────────────────┘
//
// One owner at a time, no clock, no lock, no randomness: the same events at the same times give the same effects. The driver does
// the effects in their order, and calls `handle(.tick)` at `deadline` at the latest.
// `SchedulerCore+*.swift`: Jobs (submit, start, stop, end), Listing, Planning, Dispatch, Results, Workers, Reliance, Writing,
// Restore, View.

import Model

/// The scheduler's state and decisions.
package final class SchedulerCore {
  /// The bounds.
  package let limits: SchedulerLimits
  /// Counts; the gauges are brought up to date by ``refreshGauges()``.
  package internal(set) var metrics = SchedulerMetrics()

  /// This run of the coordinator, part of each task's id.
  let epoch: UInt64
  /// The time of the event at work.
  var now: SchedulerTime
  /// Effects that were not taken.
  var effects: [SchedulerEffect] = []
  /// Counts tasks, list requests, retries and splits.
  var nextNumber: UInt64 = 1

  /// Jobs that wait, by id.
  var waiting: [JobID: WaitingJob] = [:]
  /// Their order; may hold jobs that no longer wait.
  var turns = Heap<WaitingTurn>(by: WaitingTurn.isBefore)
  /// Submissions that are being written.
  var submittingCount = 0
  /// Orders jobs by age.
  var nextSequence: UInt64 = 0
  /// When the first job may start, ticks.
  let startsAt: UInt64
  /// Until when workers of before this run of the coordinator may come back, ticks.
  let returnsBy: UInt64
  /// Jobs that run or verify, oldest first.
  var running: [JobRun] = []
  /// The same by id.
  var runs: [JobID: JobRun] = [:]
  /// Ends of jobs that never ran, being written.
  var stopping: [JobID: StoppingJob] = [:]
  /// Ended jobs whose failed files are being listed.
  var unlisted: [JobID: JobRecord] = [:]
  /// How many of those are remembered.
  static let unlistedCountMax = 1000
  /// Names of jobs that have not ended.
  var identities: [JobIdentity: JobID] = [:]

  /// Workers that were ever registered.
  var workers: [WorkerSlot] = []
  /// Their places.
  var places: [WorkerIdentity: Int] = [:]
  /// Workers that registered since this run of the coordinator began.
  var joined: Set<WorkerIdentity> = []
  /// Places of the live ones, as the placement numbers them.
  var live: [Int] = []
  /// Which worker a path belongs to.
  var placement: any WorkerPlacement
  /// Workers that may be given a task.
  var ready = ReadySet()
  /// Tasks at workers, by number.
  var tasks: [UInt64: TaskRun] = [:]

  /// Batches given to the store and not acknowledged, in order.
  var unwritten = WorkQueue<Unwritten>()
  /// Changes that wait until the store takes writes again.
  var held: [Unwritten] = []
  /// Number of the next batch.
  var nextBatch: UInt64 = 1
  /// Fence of the next batch.
  var fence: UInt64 = 1
  /// Why the store takes no writes; nil while it does.
  var storeFailure: SchedulerError?
  /// When it is tried again, ticks.
  var storeDue: UInt64 = 0
  /// Whether batches are held back until then.
  var isHolding = false
  /// When stuck tasks are looked for next, ticks.
  var stallDue: UInt64 = 0
  /// When old jobs are looked for next, ticks.
  var cleanupDue: UInt64

  /// A scheduler in its `epoch`, which no earlier run had, at `now`; `placement` has no workers yet.
  package init(
    limits: SchedulerLimits, placement: any WorkerPlacement, epoch: UInt64, now: SchedulerTime
  ) {
    self.limits = limits
    self.placement = placement
    self.epoch = epoch
    self.now = now
    startsAt = now.ticks &+ limits.initialWait.clampedNanoseconds
    returnsBy = now.ticks &+ limits.returnTime.clampedNanoseconds
    cleanupDue = startsAt
  }

  /// Takes an event that happens at `time`.
  package func handle(_ event: SchedulerEvent, at time: SchedulerTime) {
    now = SchedulerTime(ticks: max(now.ticks, time.ticks), date: time.date)
    apply(event)
    startJobs()
    for run in running { advance(run) }
    dispatch()
  }

  /// The effects since the last call, in the order they must be done.
  package func takeEffects() -> [SchedulerEffect] {
    let taken = effects
    effects.removeAll(keepingCapacity: true)
    return taken
  }

  private func apply(_ event: SchedulerEvent) {
    switch event {
    case .submit(let request, let id, let specification): submit(request, id, specification)
    case .stop(let request, let id): stop(request, id)
    case .listed(let number, let job, let page): take(page, number: number, job: job)
    case .listFailed(let number, let job, let reason, let retryAfter):
      failListing(number: number, job: job, reason: reason, retryAfter: retryAfter)
    case .counted(let number, let job, let count): takeCount(count, number: number, job: job)
    case .taskProgress(let id, let results, let underway, let arrived):
      progress(id, results, underway: underway, arrived: arrived)
    case .taskEnded(let id, let results, let end): finish(id, results, end)
    case .workerJoined(let info): join(info)
    case .workerLost(let identity): lose(identity)
    case .workerRemoved(let identity): remove(identity)
    case .written(let number): written(upTo: number)
    case .writeFailed(let number, let error): writeFailed(from: number, error)
    case .failedListSaved(let job, let path): failedListSaved(job, path)
    case .tick: tick()
    }
  }

  /// Brings a job forward after an event: its retries, its listing, its writes, its end.
  private func advance(_ run: JobRun) {
    if run.closing != nil { return finishClosing(run) }
    guard run.isActive else { return }
    resumeRetries(of: run)
    list(run)
    if run.isDirty { flush(run) }
    if run.isExhausted { finishPass(of: run) }
  }

  /// A number that was not used before.
  func takeNumber() -> UInt64 {
    defer { nextNumber += 1 }
    return nextNumber
  }

  /// When the next `.tick` is needed at the latest, ticks; nil when nothing depends on time.
  package var deadline: UInt64? {
    var due = cleanupDue
    if !waiting.isEmpty, startsAt > now.ticks { due = min(due, startsAt) }
    if !tasks.isEmpty { due = min(due, stallDue) }
    if isHolding { due = min(due, storeDue) }
    for run in running {
      if let closing = run.closing { due = min(due, closing.due) }
    }
    for run in running where run.isActive {
      if let retry = run.retries.first { due = min(due, retry.due) }
      if let list = run.listDue { due = min(due, list) }
      if run.isExhausted, now.ticks < returnsBy { due = min(due, returnsBy) }
    }
    for place in live where workers[place].blockedUntil > now.ticks {
      due = min(due, workers[place].blockedUntil)
    }
    return due
  }
}
