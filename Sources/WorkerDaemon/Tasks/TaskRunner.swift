// The worker's side of the job service: tasks are run on the worker's rings with the machinery of loads.
//
//   run(request) ──▶ TaskExecution: files ─▶ ranges ─▶ LoadSource.load ─▶ results, gathered ──▶ report

import Model
package import Ring
package import Scheduler
import Synchronization

/// Runs tasks in this process.
package final class TaskRunner: TaskWorker {
  /// Tasks at a time; further ones are refused.
  private static let taskCountMax = 64
  /// How long a job's doings are remembered after its last task began, when nobody says that it has ended.
  private static let memory: UInt64 = 3600 * 1_000_000_000

  private struct State {
    var tasks: [TaskID: TaskExecution] = [:]
    var jobs: [JobID: JobWork] = [:]
    var turn = 0
    var isStopped = false
  }

  private let source: any LoadSource
  private let frees: any CacheFreeing
  private let transfers: any FileTransferring
  private let executors: [Reactor]
  private let limits: LoadLimits
  private let state = Mutex(State())

  /// A runner over `source`, which frees through `frees` and copies through `transfers`, on the rings `executors`.
  package init(
    source: any LoadSource, frees: any CacheFreeing, transfers: any FileTransferring,
    executors: [Reactor], limits: LoadLimits
  ) {
    precondition(!executors.isEmpty, "tasks run on a ring")
    self.source = source
    self.frees = frees
    self.transfers = transfers
    self.executors = executors
    self.limits = limits
  }

  /// Tasks under way.
  package var taskCount: Int { state.withLock { $0.tasks.count } }

  /// Jobs of which something is remembered.
  package var jobCount: Int { state.withLock { $0.jobs.count } }

  package func run(_ request: TaskRequest, report: @escaping @Sendable (TaskWord) -> Void) {
    let now = source.now
    let started = state.withLock { state -> (TaskExecution, [Reactor])? in
      guard !state.isStopped, state.tasks.count < Self.taskCountMax,
        state.tasks[request.id] == nil
      else { return nil }
      forgetOld(&state, now: now, except: request.job)
      let options = request.specification.options
      let job = state.jobs[request.job] ?? JobWork(bandwidth: options.bandwidth, now: now)
      job.begin(
        pass: request.pass, continues: request.continues, now: now,
        departures: source.departureCount)
      state.jobs[request.job] = job
      let task = TaskExecution(
        request, job: job, source: source, frees: frees, transfers: transfers, limits: limits,
        report: report)
      state.tasks[request.id] = task
      let first = state.turn % executors.count
      state.turn = first + 1
      return (task, Array(executors[first...] + executors[..<first]))
    }
    guard let (task, order) = started else { return report(.ended([], .refused)) }
    let running = Task(executorPreference: order[0]) {
      await task.run(on: order)
      self.state.withLock { $0.tasks[request.id] = nil }
      task.tellEnd()
    }
    task.attach(running)
  }

  /// Forgets jobs that have had no task for long; one that comes back says that it continues.
  private func forgetOld(_ state: inout State, now: UInt64, except job: JobID) {
    let old = state.jobs.filter { now &- $1.lastUsed >= Self.memory && $0 != job }
    guard !old.isEmpty else { return }
    let busy = Set(state.tasks.values.map(\.request.job))
    for id in old.keys where !busy.contains(id) { state.jobs[id] = nil }
  }

  package func cancel(_ id: TaskID) { state.withLock { $0.tasks[id] }?.cancel() }

  package func forget(_ job: JobID) { state.withLock { $0.jobs[job] = nil } }

  /// Ends every task and takes no more; returns when nothing of them runs.
  package func stop() async {
    let tasks = state.withLock { state in
      state.isStopped = true
      return Array(state.tasks.values)
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.wait() }
  }
}
