// A worker at the other end of a connection.

import Logging
import Messages
import RPC
import Ring
import Scheduler
import Synchronization

/// Gives tasks to another process.
final class RemoteWorker: TaskWorker {
  private let log = Logger(label: "coordinator")
  private let client: TasksClient
  private let reactor: Reactor
  /// How long a worker may take to say what a task that is called off has done.
  private static let patience = Duration.seconds(10)

  /// A task at the worker.
  private struct Running {
    var job: JobID
    var action: TaskAction
    var task: Task<Void, Never>
  }

  private struct State {
    var tasks: [TaskID: Running] = [:]
    /// Jobs that the worker may remember something of.
    var jobs: Set<JobID> = []
  }

  /// How long a worker may take to hear that a job has ended.
  private static let forgetLimit = Duration.seconds(5)

  private let state = Mutex(State())

  /// A worker that answers at `channel`; calls are made on `reactor`.
  init(_ channel: RPCChannel, on reactor: Reactor) {
    client = TasksClient(channel)
    self.reactor = reactor
  }

  func run(_ request: TaskRequest, report: @escaping @Sendable (TaskWord) -> Void) {
    let task = Task(executorPreference: reactor) {
      let end = await self.follow(request, report)
      self.state.withLock { $0.tasks[request.id] = nil }
      report(end)
    }
    state.withLock { state in
      state.tasks[request.id] = Running(
        job: request.job, action: request.action, task: task)
      state.jobs.insert(request.job)
    }
  }

  /// Passes on what the worker says; returns the last word.
  private func follow(
    _ request: TaskRequest, _ report: @Sendable (TaskWord) -> Void
  ) async -> TaskWord {
    do throws(RPCError) {
      let stream = try client.run(WireRunRequest(request))
      while let answer = try await stream.next() {
        let results = answer.results.map { $0.result(request.action) }
        if answer.ended { return .ended(results, .done) }
        let underway = answer.hasSlowIndex ? Int(answer.slowIndex) : nil
        report(.progress(results, underway: underway, arrived: Int64(clamping: answer.bytes)))
      }
      return .ended([], .failed(.interrupted, "the worker ended the call before the task"))
    } catch {
      if Task.isCancelled { return .ended([], .cancelled) }
      switch error.code {
      case .resourceExhausted: return .ended([], .refused)
      case .unavailable: return .ended([], .failed(.workerNotReachable, error.message))
      case .cancelled: return .ended([], .failed(.interrupted, error.message))
      default: return .ended([], .failed(.workerRPCFailed, error.message))
      }
    }
  }

  func cancel(_ id: TaskID) {
    guard let running = state.withLock({ $0.tasks[id] }) else { return }
    switch running.action {
    case .free, .copy, .move:
      // What it has done is told before it ends.
      reactor.spawn { await self.callOff(id, running) }
    case .load, .loadMetadata, .verify, .check, .audit: running.task.cancel()
    }
  }

  /// Has the worker end a task and tell its results; one that does not answer is no longer listened to.
  private func callOff(_ id: TaskID, _ running: Running) async {
    var request = WireCancelRequest()
    (request.jobID, request.taskID) = ("\(running.job)", id.number)
    do throws(RPCError) {
      _ = try await client.cancel(request, options: RPCCallOptions(timeout: Self.patience))
      guard await reactor.sleep(for: Self.patience) else { return }
    } catch {
      // It cannot be told: the task's call is given up, which tells it, too.
    }
    if state.withLock({ $0.tasks[id] != nil }) { running.task.cancel() }
  }

  /// Jobs that the worker may remember something of.
  var jobCount: Int { state.withLock { $0.jobs.count } }

  /// Cancels everything: the worker is lost, or registered anew.
  func cancelAll() {
    let all = state.withLock { Array($0.tasks.values) }
    for running in all { running.task.cancel() }
  }

  func forget(_ job: JobID) {
    guard state.withLock({ $0.jobs.remove(job) != nil }) else { return }
    _ = Task(executorPreference: reactor) { await self.tellEnd(of: job) }
  }

  /// Tells the worker that a job has ended; returns whether it heard.
  ///
  /// One that does not forgets by itself, an hour after the job's last task began.
  @discardableResult
  func tellEnd(of job: JobID) async -> Bool {
    let request = WireCancelRequest.make { $0.jobID = "\(job)" }
    do throws(RPCError) {
      _ = try await client.cancel(request, options: RPCCallOptions(timeout: Self.forgetLimit))
      return true
    } catch {
      log.debug("a worker was not told that a job has ended: \(error)", metadata: ["job": "\(job)"])
      return false
    }
  }
}
