// A worker at the other end of a connection.

import Messages
import RPC
import Ring
import Scheduler
import Synchronization

/// Gives tasks to another process.
final class RemoteWorker: TaskWorker {
  private let client: TasksClient
  private let reactor: Reactor
  private let tasks = Mutex<[TaskID: Task<Void, Never>]>([:])

  /// A worker that answers at `channel`; calls are made on `reactor`.
  init(_ channel: RPCChannel, on reactor: Reactor) {
    client = TasksClient(channel)
    self.reactor = reactor
  }

  func run(_ request: TaskRequest, report: @escaping @Sendable (TaskWord) -> Void) {
    let task = Task(executorPreference: reactor) {
      let end = await self.follow(request, report)
      self.tasks.withLock { $0[request.id] = nil }
      report(end)
    }
    tasks.withLock { $0[request.id] = task }
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
        report(.progress(results, underway: answer.hasSlowIndex ? Int(answer.slowIndex) : nil))
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

  func cancel(_ id: TaskID) { tasks.withLock { $0[id] }?.cancel() }

  func forget(_ job: JobID) {
    // The worker forgets by itself, an hour after the job's last task began.
  }
}
