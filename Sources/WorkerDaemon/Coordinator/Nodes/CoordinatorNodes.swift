// All nodes of a coordinator: itself, the worker of its process, and those that registered.

import Model
import Scheduler
import Synchronization

/// A worker in the coordinator's process: it needs no heartbeats.
protocol LocalNode: Sendable {
  /// How the scheduler knows it.
  var identity: WorkerIdentity { get }
  /// Where it stands now.
  func report(now: Int64) -> WorkerReport
}

/// What a coordinator knows of nodes.
final class CoordinatorNodes: Sendable {
  /// Workers that registered.
  let directory = NodeDirectory()
  /// Paths pinned on every worker.
  let pins: PinnedPaths
  private struct State {
    var coordinator: CoordinatorReport?
    var local: (any LocalNode)?
  }

  private let state = Mutex(State())

  /// Nodes whose pinned paths are `pins`.
  init(pins: PinnedPaths) { self.pins = pins }

  /// Says where the coordinator is reached.
  func set(_ coordinator: CoordinatorReport) { state.withLock { $0.coordinator = coordinator } }

  /// Says that a worker runs in this process.
  func set(_ local: any LocalNode) { state.withLock { $0.local = local } }

  /// The coordinators: this one.
  var coordinators: [CoordinatorReport] {
    state.withLock { state in state.coordinator.map { [$0] } ?? [] }
  }

  /// All workers; the scheduler of `coordinator` is asked for their tasks.
  func workers(of coordinator: Coordinator) async -> [WorkerReport] {
    var states: [WorkerIdentity: WorkerState] = [:]
    for worker in await coordinator.workerStates() { states[worker.info.identity] = worker }
    var reports = directory.reports(states)
    if let local = state.withLock({ $0.local }) {
      var report = local.report(now: Coordinator.date())
      report.take(states[local.identity])
      reports.insert(report, at: 0)
    }
    return reports
  }
}
