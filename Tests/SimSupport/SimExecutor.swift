// Swift tasks on one thread, in an order drawn from a seed, in a time that jumps to the next timer when nothing can run.
//
//   spawn ─▶ ready ──draw──▶ runs until it suspends ─▶ (continuation) ─▶ ready
//                 nothing ready: now = the next timer's instant
//                 no timer either: all tasks ended (quiescent), or some wait for what nobody will do (deadlock)

import Glibc

/// A deterministic executor of tasks; the same seed gives the same run.
///
/// The thread that calls `run` is the only one that may touch it or make its tasks.
package final class SimExecutor: TaskExecutor, @unchecked Sendable {
  // SAFETY (unchecked): confined to `owner`; `enqueue` from anywhere else is a broken promise that traps.

  /// How a run ended.
  package enum Outcome: Sendable, Equatable {
    /// Every task ended, and no timer is left.
    case quiescent
    /// The caller's condition came true.
    case stopped
    /// Nothing can run any more, and these tasks have not ended.
    case deadlock([String])
    /// Virtual time ran past the limit while these tasks had not ended.
    case timeLimit([String])
    /// Jobs ran on and on without time moving.
    case livelock([String])
  }

  /// Jobs that run within one instant at most.
  private static let jobsPerInstantMax = 2_000_000

  /// Virtual nanoseconds since the start.
  package private(set) var now: UInt64 = 1_000_000_000
  /// Every event of the simulation.
  package let trace = SimTrace()
  /// Jobs run so far.
  package private(set) var steps = 0
  /// Called after each job, between any two steps of any task.
  package var afterStep: (() -> Void)?

  /// Timers that never fire, per million: a planted bug.
  var lostTimerRate = 0

  private var random: SimRandom
  private var ready: [(number: Int, job: UnownedJob)] = []
  private var timers = SimTimers()
  private var lost: [() -> Void] = []
  private var live: [(number: Int, name: String)] = []
  private var taskCount = 0
  private var jobCount = 0
  private let isShuffled: Bool
  private var owner: pthread_t

  /// An executor that draws from `random`; not `isShuffled` runs jobs in the order they became ready.
  package init(random: SimRandom, isShuffled: Bool = true) {
    self.random = random
    self.isShuffled = isShuffled
    owner = pthread_self()
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    precondition(pthread_equal(owner, pthread_self()) != 0, "a simulation has one thread")
    jobCount += 1
    ready.append((jobCount, UnownedJob(job)))
  }

  /// Starts a task called `name`.
  package func spawn(_ name: String, _ body: @escaping @Sendable () async -> Void) {
    taskCount += 1
    let number = taskCount
    live.append((number, name))
    trace.record("task.start", at: now, number)
    Task(executorPreference: self) {
      await body()
      self.end(number)
    }
  }

  private func end(_ number: Int) {
    trace.record("task.end", at: now, number)
    live.removeAll { $0.number == number }
  }

  /// Names of the tasks that have not ended.
  package var liveTasks: [String] { live.map(\.name) }

  /// Runs `action` on the thread of the simulation when `delay` nanoseconds have passed.
  package func schedule(after delay: UInt64, _ action: @escaping () -> Void) {
    guard !random.chance(lostTimerRate) else { return lost.append(action) }
    timers.add(due: now &+ delay, action)
  }

  /// Suspends the calling task for `delay` virtual nanoseconds.
  package func wait(_ delay: UInt64) async {
    await withUnsafeContinuation { continuation in
      schedule(after: delay) { continuation.resume() }
    }
  }

  /// Runs until everything has ended, nothing can go on, `limit` virtual nanoseconds have passed, or `isDone` is true.
  ///
  /// `isDone` is asked after each job and each timer.
  package func run(limit: UInt64, until isDone: () -> Bool = { false }) -> Outcome {
    owner = pthread_self()
    let end = now &+ limit
    var jobsOfInstant = 0
    while !isDone() {
      if !ready.isEmpty {
        runOne()
        jobsOfInstant += 1
        if jobsOfInstant > SimExecutor.jobsPerInstantMax { return .livelock(liveTasks) }
      } else if let timer = timers.popFirst() {
        if timer.due > now { jobsOfInstant = 0 }
        now = max(now, timer.due)
        if now > end {
          timers.add(due: timer.due, timer.action)
          return .timeLimit(liveTasks)
        }
        timer.action()
      } else {
        return live.isEmpty ? .quiescent : .deadlock(liveTasks)
      }
    }
    return .stopped
  }

  private func runOne() {
    let index = isShuffled ? random.below(ready.count) : 0
    let (number, job) = ready[index]
    if isShuffled {
      ready.swapAt(index, ready.count - 1)
      ready.removeLast()
    } else {
      ready.removeFirst()
    }
    trace.record("job", at: now, number, ready.count)
    steps += 1
    job.runSynchronously(on: asUnownedTaskExecutor())
    afterStep?()
  }
}
