// One task under way.
//
//   files ──TaskUnit──▶ queue (bounded) ──▶ consumers, spread over the rings ──▶ LoadSource.load
//                                                       │ a file's last range
//                                                       ▼
//                                      result ──gathered up to 100 ms──▶ report
//
// A file is done when all its bytes are in the cache. Whether they stay there until the job's end is asked by an audit.

import Model
import Scheduler
import Synchronization

/// A task: its files, their results, and how they are told.
final class TaskExecution: Sendable {
  /// Results wait so long for others, nanoseconds.
  private static let gatherTime: UInt64 = 100_000_000
  /// A word at least so often while bytes come, nanoseconds.
  private static let wordTime: UInt64 = 1_000_000_000
  /// Files that may be done without waiting before others on the ring have their turn.
  private static let turnCount = 16
  /// Files of a task that are copied at once; each has a buffer, and its writer more.
  private static let transferCountMax = 16

  private struct State {
    var results: [FileResult] = []
    var settledCount = 0
    /// Bytes that have come of files that are not settled, by their index.
    var arrived: [Int: Int64] = [:]
    var toldAt: UInt64
    var isCancelled = false
    var queue: LoadQueue<TaskUnit>?
    var running: Task<Void, Never>?
  }

  let request: TaskRequest
  let job: JobWork
  let source: any LoadSource
  let frees: any CacheFreeing
  let transfers: any FileTransferring
  let limits: LoadLimits
  private let report: @Sendable (TaskWord) -> Void
  private let state: Mutex<State>
  /// Keeps words in order.
  private let telling = Mutex<Void>(())
  private let ended = StopGate()

  /// A task that was not begun.
  init(
    _ request: TaskRequest, job: JobWork, source: any LoadSource, frees: any CacheFreeing,
    transfers: any FileTransferring, limits: LoadLimits,
    report: @escaping @Sendable (TaskWord) -> Void
  ) {
    self.request = request
    self.job = job
    self.source = source
    self.frees = frees
    self.transfers = transfers
    self.limits = limits
    self.report = report
    state = Mutex(State(toldAt: source.now))
  }

  /// Whether the task was taken back.
  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  /// Takes the task back: nothing new is asked of the UFS.
  func cancel() {
    let (queue, running) = state.withLock { state in
      state.isCancelled = true
      return (state.queue, state.running)
    }
    queue?.cancel()
    running?.cancel()
  }

  /// Runs in `task`, so that ``cancel()`` reaches what waits.
  func attach(_ task: Task<Void, Never>) {
    let isCancelled = state.withLock { state in
      state.running = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
  }

  /// Waits until nothing of the task runs.
  func wait() async { await ended.wait() }

  /// Runs the task to its end on `executors`.
  func run(on executors: [any TaskExecutor]) async {
    let units = LoadQueue<TaskUnit>(capacity: limits.concurrency * 4)
    state.withLock { $0.queue = units }
    let first = request.files.first?.path ?? ""
    var countMax = max(1, min(limits.concurrency, source.parallelism(of: first)))
    if request.action == .copy || request.action == .move {
      countMax = min(countMax, Self.transferCountMax)
    }
    await withTaskGroup(of: Void.self) { group in
      var (unitCount, consumerCount) = (0, 0)
      for index in request.files.indices {
        guard !isCancelled else { break }
        if index % Self.turnCount == Self.turnCount - 1 { await source.giveWay() }
        for unit in await plan(index) {
          guard await units.push(unit) else { break }
          unitCount += 1
          guard consumerCount < min(countMax, unitCount), units.hasElements else { continue }
          group.addTask(executorPreference: executors[consumerCount % executors.count]) {
            await self.consume(units)
          }
          consumerCount += 1
        }
      }
      units.close()
    }
  }

  /// Does pieces of the task until there are no more.
  private func consume(_ units: LoadQueue<TaskUnit>) async {
    var count = 0
    while !isCancelled, let unit = await units.next() {
      await perform(unit)
      count += 1
      // Pieces that are there already wait for nothing.
      if count % Self.turnCount == 0 { await source.giveWay() }
    }
  }

  // MARK: Words

  /// A file is done with.
  func settle(_ index: Int, _ outcome: FileOutcome) {
    let now = source.now
    let isDue = state.withLock { state in
      state.settledCount += 1
      state.arrived[index] = nil
      state.results.append(FileResult(index, outcome))
      return now &- state.toldAt >= Self.gatherTime
    }
    if isDue { tell(underway: nil) }
  }

  /// The task works on a file, and gets on with it: `bytes` more have come of it.
  func progress(at index: Int, bytes: Int64 = 0) {
    let now = source.now
    let isDue = state.withLock { state in
      if bytes > 0 { state.arrived[index, default: 0] &+= bytes }
      return now &- state.toldAt >= Self.wordTime
    }
    if isDue { tell(underway: index) }
  }

  /// A file is begun anew.
  func beginAnew(at index: Int) { state.withLock { $0.arrived[index] = nil } }

  private func tell(underway: Int?) {
    telling.withLock { _ in
      let now = source.now
      let (results, arrived) = state.withLock { state in
        defer { state.results = [] }
        state.toldAt = now
        let arrived = state.arrived.reduce(0 as Int64) { sum, part in
          sum &+ min(part.value, max(0, request.files[part.key].size))
        }
        return (state.results, arrived)
      }
      report(.progress(results, underway: underway, arrived: arrived))
    }
  }

  /// Tells the end; once, when nothing runs any more.
  func tellEnd() {
    telling.withLock { _ in
      let (results, isCancelled) = state.withLock {
        ($0.results, $0.isCancelled && $0.settledCount < request.files.count)
      }
      report(.ended(results, isCancelled ? .cancelled : .done))
    }
    ended.open()
  }
}
