// A worker's gRPC: tasks for whoever coordinates it.

import Messages
import RPC
import Scheduler
import Synchronization

/// Answers `penstock.v1.Tasks` with a runner.
final class TaskService: TasksHandler {
  private struct State {
    var next: UInt64 = 1
    /// Tasks here by job and by their number there.
    var running: [TaskID: (job: String, number: UInt64)] = [:]
  }

  private let runner: TaskRunner
  private let state = Mutex(State())

  /// A service that has `runner` do the work.
  init(_ runner: TaskRunner) { self.runner = runner }

  func run(
    _ request: WireRunRequest, _ answers: RPCResponseWriter<WireRunResponse>,
    _ context: RPCServerContext
  ) async throws(RPCError) {
    let id = state.withLock { state in
      defer { state.next += 1 }
      return TaskID(epoch: 0, number: state.next)
    }
    guard let task = request.task(id) else {
      throw RPCError(.invalidArgument, "no task that this worker can run")
    }
    state.withLock { $0.running[id] = (request.jobID, request.taskID) }
    let mailbox = TaskMailbox()
    runner.run(task) { mailbox.put($0) }
    let failure = await withTaskCancellationHandler {
      await forward(mailbox, answers, id)
    } onCancel: {
      runner.cancel(id)
    }
    state.withLock { $0.running[id] = nil }
    if let failure { throw failure }
  }

  /// Sends a task's words until its last one; nil when all went well.
  private func forward(
    _ mailbox: TaskMailbox, _ answers: RPCResponseWriter<WireRunResponse>, _ id: TaskID
  ) async -> RPCError? {
    var failure: RPCError?
    while true {
      for word in await mailbox.take() {
        let (answer, end) = Self.answer(word)
        if end == .refused { return RPCError(.resourceExhausted, "the worker has no room") }
        do throws(RPCError) {
          if failure == nil { try await answers.send(answer) }
        } catch {
          // Nobody listens any more: the task is of no use.
          failure = error
          runner.cancel(id)
        }
        if end == .cancelled { return failure ?? RPCError(.cancelled, "the task was cancelled") }
        if end != nil { return failure }
      }
    }
  }

  private static func answer(_ word: TaskWord) -> (WireRunResponse, TaskEnd?) {
    switch word {
    case .progress(let results, let underway, let arrived):
      let answer = WireRunResponse.make {
        $0.results = results.map { WireFileResult($0) }
        $0.bytes = UInt64(clamping: arrived)
        if let underway { $0.slowIndex = UInt32(clamping: underway) }
      }
      return (answer, nil)
    case .ended(let results, let end):
      let answer = WireRunResponse.make {
        $0.results = results.map { WireFileResult($0) }
        $0.ended = true
      }
      return (answer, end)
    }
  }

  func cancel(
    _ request: WireCancelRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireCancelResponse {
    let ids = state.withLock { state in
      state.running.filter { _, task in
        task.job == request.jobID && (request.taskID == 0 || task.number == request.taskID)
      }.map(\.key)
    }
    for id in ids { runner.cancel(id) }
    if request.taskID == 0, let job = JobID(request.jobID) { runner.forget(job) }
    return .make { $0.cancelled = UInt32(clamping: ids.count) }
  }
}
