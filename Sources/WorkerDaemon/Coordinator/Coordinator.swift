// The job service's driver: owns the scheduler on one ring and does what it wants done.
//
//   callers, store, workers, listings ──CoordinatorEvents──▶ ring: SchedulerCore.handle ─▶ effects
//                 ▲                                                                           │
//                 └────────── JobStore · JobListing · TaskWorker · timer · answers ◀──────────┘

import Glibc
import Logging
package import Model
package import Ring
package import Scheduler
package import UFS

/// Runs the job service.
// SAFETY: all mutable state is used on `reactor` only, see `preconditionOnReactor`.
@safe package final class Coordinator: @unchecked Sendable {
  /// What a coordinator works with.
  package struct Parts: Sendable {
    /// The ring that owns the scheduler.
    package var reactor: Reactor
    /// Threads for calls that block.
    package var pool: BlockingPool
    /// Where listings look.
    package var mounts: MountTable
    /// Where jobs are kept.
    package var store: any JobStore
    /// Bounds of the scheduler.
    package var limits: SchedulerLimits
    /// Directory of the lists of failed files.
    package var failedListDirectory: String
    /// Points of a worker on the hash ring.
    package var pointCount = 5

    /// Parts with what has no default.
    package init(
      reactor: Reactor, pool: BlockingPool, mounts: MountTable, store: any JobStore,
      limits: SchedulerLimits, failedListDirectory: String
    ) {
      self.reactor = reactor
      self.pool = pool
      self.mounts = mounts
      self.store = store
      self.limits = limits
      self.failedListDirectory = failedListDirectory
    }
  }

  /// A timer that was set.
  private struct Alarm {
    var due: UInt64
    var task: Task<Void, Never>
  }

  let parts: Parts
  let core: SchedulerCore
  let log = Logger(label: "coordinator")
  private let events: CoordinatorEvents
  /// Workers by identity.
  var workers: [WorkerIdentity: any TaskWorker] = [:]
  /// Listings, and counts ahead, of running jobs.
  var listings: [JobID: RingConfined<JobListing>] = [:]
  /// Pages of listings that are being asked for.
  var listingTasks: [JobID: Task<Void, Never>] = [:]
  /// Numbers of counts that were not called off.
  var counts: [JobID: UInt64] = [:]
  /// Counts under way.
  var countTasks: [JobID: Task<Void, Never>] = [:]
  /// Who waits for an answer.
  var requests: [UInt64: UnsafeContinuation<SchedulerAnswer, Never>] = unsafe [:]
  private var nextRequest: UInt64 = 1
  private var nextSequence: UInt64 = 0
  private var alarm: Alarm?
  /// Which submissions the log tells.
  var submissions = SubmissionLog()
  /// Whether the coordinator takes nothing any more.
  private(set) var isStopped = false
  /// Listings and other tasks of ours under way.
  var taskCount = 0
  private let idle = StopGate()

  var reactor: Reactor { parts.reactor }

  /// Reads what the store has, and takes up jobs that did not end; blocks.
  ///
  /// - Throws: when the store cannot be read.
  package init(_ parts: Parts) throws(SchedulerError) {
    self.parts = parts
    events = CoordinatorEvents(reactor: parts.reactor)
    let core = SchedulerCore(
      limits: parts.limits, placement: WorkerRing(pointCount: parts.pointCount),
      epoch: Self.randomWord(),
      now: SchedulerTime(ticks: Self.ticks(), date: Self.date()))
    self.core = core
    try parts.store.recover { job in
      switch job {
      case .active(let record, let checkpoint, let results):
        core.restore(
          record, checkpoint: checkpoint, results: results.map { ($0.number, $0.files) })
      case .damaged(let id, let reason): core.restoreDamaged(id, reason: reason)
      }
    }
  }

  /// Begins to work.
  package func start() { post(.tick) }

  /// Registers a worker, or one that was started anew; callable from any thread.
  package func join(_ info: WorkerInfo, _ worker: any TaskWorker) {
    reactor.spawn {
      self.workers[info.identity] = worker
      self.handle(.workerJoined(info))
    }
  }

  /// A worker is gone, or was silent for too long; callable from any thread.
  package func lose(_ identity: WorkerIdentity) {
    // Not among other events: it must not overtake the worker's joining.
    reactor.spawn { self.handle(.workerLost(identity)) }
  }

  /// A worker that was lost is not expected any more; callable from any thread.
  package func remove(_ identity: WorkerIdentity) {
    reactor.spawn {
      self.workers[identity] = nil
      self.handle(.workerRemoved(identity))
    }
  }

  /// Tells the scheduler of an event; callable from any thread.
  func post(_ event: SchedulerEvent) {
    events.add(event) { [self] in
      for event in events.takeAll() { handle(event) }
    }
  }

  // MARK: On the ring

  /// Takes an event, and does what follows from it.
  func handle(_ event: SchedulerEvent) {
    reactor.preconditionOnReactor()
    guard !isStopped else { return }
    let time = SchedulerTime(ticks: Self.ticks(), date: Self.date())
    tellSubmissionsLeftOut(at: time.ticks)
    core.handle(event, at: time)
    for effect in core.takeEffects() { perform(effect) }
    setAlarm()
  }

  /// Has the scheduler look at the time when it next has to.
  private func setAlarm() {
    guard let due = Self.earlier(core.deadline, submissions.due) else { return }
    if let alarm {
      guard due < alarm.due else { return }
      alarm.task.cancel()
    }
    let now = Self.ticks()
    // Never at once: what cannot be done now is not worth a busy ring.
    let left = Duration.nanoseconds(Int64(clamping: max(1_000_000, due > now ? due - now : 0)))
    let task = Task(executorPreference: reactor) { [self] in
      guard await reactor.sleep(for: left), !Task.isCancelled else { return }
      alarm = nil
      handle(.tick)
    }
    alarm = Alarm(due: due, task: task)
  }

  private static func earlier(_ one: UInt64?, _ other: UInt64?) -> UInt64? {
    guard let one, let other else { return one ?? other }
    return min(one, other)
  }

  /// Sends a request to the scheduler and waits for its answer.
  func ask(
    _ event: @escaping @Sendable (_ request: UInt64, _ id: JobID) -> SchedulerEvent
  ) async -> SchedulerAnswer {
    await reactor.run { [self] in
      guard !isStopped else {
        return .refused(SchedulerError(.closed, "the coordinator is stopping"))
      }
      let (request, id) = takeNumbers()
      return await unsafe withUnsafeContinuation { continuation in
        unsafe requests[request] = unsafe continuation
        handle(event(request, id))
      }
    }
  }

  private func takeNumbers() -> (request: UInt64, id: JobID) {
    defer {
      nextRequest += 1
      nextSequence &+= 1
    }
    let id = JobID.make(
      milliseconds: Self.date(), sequence: nextSequence, random: Self.randomWord())
    return (nextRequest, id)
  }

  /// A task of ours ends.
  func endTask() {
    taskCount -= 1
    if isStopped, taskCount == 0 { idle.open() }
  }

  /// Ends everything but the store, which is to be closed afterwards; jobs go on at the next start.
  package func stop() async {
    await reactor.run { [self] in
      isStopped = true
      events.close()
      alarm?.task.cancel()
      let waiting = unsafe requests
      unsafe requests = unsafe [:]
      let numbers = unsafe Array(waiting.keys)
      let refusal = SchedulerError(.closed, "the coordinator is stopping")
      for number in numbers {
        if let continuation = unsafe waiting[number] {
          unsafe continuation.resume(returning: .refused(refusal))
        }
      }
      for task in listingTasks.values { task.cancel() }
      for task in countTasks.values { task.cancel() }
      if taskCount > 0 { await idle.wait() }
      for listing in listings.values { await listing.value.close() }
      listings = [:]
    }
  }

  /// A number that nobody can foresee.
  static func randomWord() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }

  /// Nanoseconds of the monotonic clock.
  static func ticks() -> UInt64 { UInt64(clamping: time(CLOCK_MONOTONIC)) }

  /// Milliseconds since 1970.
  static func date() -> Int64 { time(CLOCK_REALTIME) / 1_000_000 }

  private static func time(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // These clocks cannot fail; the address is this frame's own.
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
