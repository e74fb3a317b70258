// A worker at the other end of a connection, and what it keeps of jobs that ended.

import Messages
import Model
import RPC
import Ring
import Scheduler
import Synchronization
import TestSupport
import Testing

@testable import WorkerDaemon

/// Transfers that wait at a gate and then are done; frees that find nothing.
private struct GatedService: CacheFreeing, FileTransferring {
  let gate = ReadGate(permits: 0)

  func free(ufsPath: String) async -> Result<FileCount, LoadFailure> { .success(FileCount()) }

  func transfer(
    _ order: TransferOrder, pace: @escaping @Sendable (Int64) async -> Bool
  ) async -> TransferOutcome {
    await gate.pass()
    return .done(bytes: order.file.length)
  }
}

/// A worker's gRPC, and the coordinator's end of it.
private struct RemotePair {
  let source = FakeLoadSource()
  let service = GatedService()
  let runner: TaskRunner
  let worker: RemoteWorker
  let reactor: Reactor
  private let engine: RPCEngine
  private let group: ReactorGroup
  private let server: RPCServer

  init() throws {
    engine = try RPCEngine()
    group = try ReactorGroup(count: 1, pinned: false)
    reactor = group.reactors[0]
    source.add("s3://b/f", length: 100)
    runner = TaskRunner(
      source: source, frees: service, transfers: service, executors: [reactor],
      limits: LoadLimits())
    server = RPCServer(
      engine: engine, options: RPCServerOptions(addresses: [.tcp(host: "127.0.0.1", port: 0)]))
    server.register(TaskService(runner))
    try server.start(on: [reactor])
    let channel = try RPCChannel(engine: engine, target: "127.0.0.1:\(server.ports[0])")
    worker = RemoteWorker(channel, on: reactor)
  }

  /// Runs a task and waits for its end.
  func run(_ request: TaskRequest) async -> TaskWord {
    await withCheckedContinuation { continuation in
      worker.run(request) { word in
        if case .ended = word { continuation.resume(returning: word) }
      }
    }
  }

  /// Waits until `condition` holds, which it looks at on the ring.
  func wait(until condition: @escaping @Sendable () -> Bool) async {
    await reactor.run { [reactor] in
      while !condition() { await reactor.sleep(for: .milliseconds(1)) }
    }
  }

  /// Ends everything.
  func stop() async throws {
    await reactor.run { [server] in await server.stop(within: .seconds(10)) }
    let pool = try BlockingPool(name: "test", threads: 1)
    await pool.run { [engine, group] in
      engine.stop()
      group.stop()
    }
    pool.stop()
  }
}

@Suite("Remote worker")
struct RemoteWorkerTests {
  private static func request(
    _ number: UInt64, job: JobID = JobID(high: 7, low: 7), _ action: TaskAction = .load
  ) -> TaskRequest {
    var file = TaskFile(path: "s3://b/f", version: "v1", length: 100)
    if action == .move { file.target = "s3://b/g" }
    return TaskRequest(
      id: TaskID(epoch: 1, number: number), job: job,
      worker: WorkerIdentity(high: 1, low: 1), action: action,
      specification: JobSpecification(.load, .paths(["s3://b"])), files: [file])
  }

  @Test("what a worker remembers for a job goes when it hears that the job has ended")
  func forget() async throws {
    let pair = try RemotePair()
    let (runner, worker) = (pair.runner, pair.worker)
    let jobs = (0..<3).map { JobID(high: 7, low: $0) }
    for (number, job) in jobs.enumerated() {
      let word = await pair.run(Self.request(UInt64(number), job: job))
      guard case .ended(let results, .done) = word else {
        Issue.record("\(word)")
        continue
      }
      #expect(results.count == 1)
    }
    #expect(runner.jobCount == 3 && worker.jobCount == 3)
    #expect(await pair.reactor.run { await worker.tellEnd(of: jobs[1]) })
    #expect(runner.jobCount == 2)
    // The coordinator does not wait for it.
    worker.forget(jobs[0])
    #expect(worker.jobCount == 2)
    await pair.wait { runner.jobCount == 1 }
    // Of a job that it never had a task of nothing is asked.
    worker.forget(JobID(high: 8, low: 8))
    try await pair.stop()
  }

  @Test("a move that is called off at a worker tells what it has done all the same")
  func callOff() async throws {
    let pair = try RemotePair()
    let request = Self.request(1, .move)
    async let end = pair.run(request)
    await pair.service.gate.waitForArrivals(1)
    pair.worker.cancel(request.id)
    // Of a task that is over nothing is asked.
    pair.worker.cancel(TaskID(epoch: 1, number: 2))
    pair.service.gate.release()
    #expect(await end == .ended([FileResult(0, .done(bytes: 100))], .done))
    try await pair.stop()
  }

  @Test("a load that is cancelled ends at once, and its worker is told")
  func cancel() async throws {
    let pair = try RemotePair()
    let begun = ReadGate(permits: 1 << 30)
    pair.source.holdLoads()
    pair.source.state.withLock { state in
      state.onLoad = { _ in pair.reactor.spawn { await begun.pass() } }
    }
    let request = Self.request(1)
    async let end = pair.run(request)
    await begun.waitForArrivals(1)
    pair.worker.cancel(request.id)
    // What the worker has under way does not hold the word up.
    #expect(await end == .ended([], .cancelled))
    #expect(pair.runner.taskCount == 1)
    pair.source.release()
    await pair.wait { pair.runner.taskCount == 0 }
    try await pair.stop()
  }
}
