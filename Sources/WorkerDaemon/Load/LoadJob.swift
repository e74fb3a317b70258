// One load job: list, fill, check.
//
//   walk ──LoadUnit──▶ queue (bounded) ──▶ consumers, spread over the executors ──▶ LoadSource.load
//                                            started while units wait, up to the bound
//
// The job succeeds only if every file it listed is wholly cached when it ends.

import Model
import Scheduler
import Synchronization
import UFS

/// A load job: its state, books and incidents, and the way it runs.
package final class LoadJob: Sendable {
  /// Everything that changes while the job runs.
  struct State {
    var machine = LoadStateMachine()
    var ledger = LoadLedger()
    var isListed = false
    var startedAt: UInt64?
    var endedAt: UInt64?
    var listingFailure: String?
    /// Entries of the last listing that are no files to load.
    var leftOutCount: Int64 = 0
    var failedFiles: [LoadIncident] = []
    var recentFailures: [LoadIncident] = []
    var retries: [String: String] = [:]
    var checklist = LoadChecklist()
    var failedPaths: Set<UInt64> = []
    var task: Task<Void, Never>?
  }

  /// Incidents a report shows.
  static let incidentCountMax = 10

  /// The path as it was asked for, normalised.
  package let path: String
  /// UUID of this run.
  package let id: String
  /// Whose turn its requests take.
  let turns: UInt64
  /// What was asked for.
  package let options: LoadOptions
  let limits: LoadLimits
  let source: any LoadSource
  let throttle: LoadThrottle?
  let state = Mutex(State())
  let queue: Mutex<LoadQueue<LoadUnit>>

  /// A job that waits for its turn.
  package init(
    path: String, id: String, options: LoadOptions, limits: LoadLimits, source: any LoadSource
  ) {
    self.path = path
    self.id = id
    turns = FlowControl.flow(of: id)
    self.options = options
    self.limits = limits
    self.source = source
    self.throttle = options.bandwidth.map { LoadThrottle(bytesPerSecond: $0) }
    self.queue = Mutex(LoadQueue(capacity: limits.concurrency * 4))
  }

  /// The state now.
  package var phase: LoadState { state.withLock { $0.machine.state } }

  /// Progress now.
  package func report(verbose: Bool) -> LoadReport {
    let now = source.now
    return state.withLock { state in
      var report = LoadReport()
      report.options = options
      report.state = state.machine.state
      report.failure = state.machine.failure
      report.ledger = state.ledger
      report.isListed = state.isListed
      report.leftOutCount = state.leftOutCount
      report.leftOutReason = LeftOut.reason(path)
      report.isVerbose = verbose
      report.recentFailures = state.recentFailures
      report.recentRetries = state.retries.sorted { $0.key < $1.key }
        .prefix(Self.incidentCountMax).map { LoadIncident(subject: $0.key, reason: $0.value) }
      if let startedAt = state.startedAt {
        let end = state.endedAt ?? now
        report.elapsed = .nanoseconds(Int64(clamping: end - min(end, startedAt)))
      }
      return report
    }
  }

  /// Files given up, with reasons: the first of them by name; their number is in the report.
  package var failedFiles: [LoadIncident] { state.withLock { $0.failedFiles } }

  /// Stops the job; false when it has ended.
  package func stop() -> Bool {
    let (isStopped, task) = state.withLock { state in
      let isStopped = state.machine.stop()
      if isStopped { state.endedAt = source.now }
      return (isStopped, state.task)
    }
    guard isStopped else { return false }
    queue.withLock { $0 }.cancel()
    task?.cancel()
    return true
  }

  /// Runs the job in `task`, so that ``stop()`` can end it.
  package func attach(_ task: Task<Void, Never>) {
    let isStopped = state.withLock { state in
      state.task = task
      return state.machine.state == .stopped
    }
    if isStopped { task.cancel() }
  }

  /// Waits until nothing of the job runs any more.
  package func wait() async { await state.withLock { $0.task }?.value }

  /// Runs the job to its end; returns at once when it was stopped before.
  package func run(on executors: [any TaskExecutor]) async {
    let isStarted = state.withLock { state in
      state.startedAt = source.now
      return state.machine.start()
    }
    guard isStarted else { return }
    await pass(on: executors)
    if options.verify, isRunning, state.withLock({ $0.machine.verify() }) {
      state.withLock { $0.checklist.index() }
      await pass(on: executors)
    }
    await checkResidency()
    state.withLock { state in
      if state.machine.finish(failure: Self.failure(of: state)) { state.endedAt = source.now }
      state.checklist = LoadChecklist()
      state.failedPaths = []
      state.retries = [:]
    }
  }

  /// Whether the job is to go on.
  var isRunning: Bool { !phase.isTerminal }

  /// Lists and loads once.
  private func pass(on executors: [any TaskExecutor]) async {
    precondition(!executors.isEmpty, "a job has an executor")
    let units = LoadQueue<LoadUnit>(capacity: limits.concurrency * 4)
    queue.withLock { $0 = units }
    let consumerCountMax = max(1, min(limits.concurrency, source.parallelism(of: path)))
    await withTaskGroup(of: Void.self) { group in
      var (unitCount, consumerCount) = (0, 0)
      await walk(into: units) {
        unitCount += 1
        // Nobody is free, or the last one started has not come to its first unit yet.
        guard consumerCount < min(consumerCountMax, unitCount), units.hasElements else { return }
        group.addTask(executorPreference: executors[consumerCount % executors.count]) {
          await self.consume(units)
        }
        consumerCount += 1
      }
      units.close()
    }
  }

  /// Performs queued units until there are no more.
  private func consume(_ units: LoadQueue<LoadUnit>) async {
    while isRunning, let unit = await units.next() { await perform(unit) }
    // A stopped job leaves units behind: the listing must not wait for room.
    if !isRunning { units.cancel() }
  }

  /// Why the job fails, or nil when every file is settled well.
  private static func failure(of state: borrowing State) -> String? {
    if let listing = state.listingFailure { return listing }
    let failed = state.ledger.failed
    guard failed.files > 0 else { return nil }
    let first = state.failedFiles.first.map { "; first: \($0.subject): \($0.reason)" } ?? ""
    return "\(failed.files) of \(state.ledger.listed.files) files"
      + " (\(SizeText.print(failed.bytes))) are not cached\(first)"
  }
}
