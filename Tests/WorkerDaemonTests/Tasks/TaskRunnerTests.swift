// Tasks of a worker without its read path: what they say, and when.

import Model
import Ring
import Scheduler
import Synchronization
import TestSupport
import Testing

@testable import WorkerDaemon

@Suite("TaskRunner")
struct TaskRunnerTests {
  /// Transfers that wait at a gate and then are done; frees that find nothing.
  private struct Gated: CacheFreeing, FileTransferring {
    var gate = ReadGate(permits: 0)

    func free(ufsPath: String) async -> Result<FileCount, LoadFailure> { .success(FileCount()) }

    func transfer(
      _ order: TransferOrder, pace: @escaping @Sendable (Int64) async -> Bool
    ) async -> TransferOutcome {
      await gate.pass()
      return .done(bytes: order.file.length)
    }
  }

  private static func request(
    _ action: TaskAction, _ file: TaskFile, _ options: JobOptions = JobOptions()
  ) -> TaskRequest {
    TaskRequest(
      id: TaskID(epoch: 1, number: 1), job: JobID(high: 1, low: 1),
      worker: WorkerIdentity(high: 1, low: 1), action: action,
      specification: JobSpecification(.load, .paths([file.path]), options: options), files: [file])
  }

  /// All words of a task up to its end.
  private static func words(_ mailbox: TaskMailbox) async -> [TaskWord] {
    var words: [TaskWord] = []
    while true {
      words += await mailbox.take()
      if case .ended = words.last { return words }
    }
  }

  @Test("a task that waits for its bandwidth says meanwhile that it gets on")
  func bandwidth() async throws {
    let group = try ReactorGroup(count: 1, pinned: false)
    defer { group.stop() }
    let source = FakeLoadSource()
    source.add("/d/f", length: 3_000)
    let gated = Gated()
    var limits = LoadLimits()
    // One range after the other: the clock of the source goes on with each wait.
    limits.concurrency = 1
    limits.rangeBytes = 1_000
    let runner = TaskRunner(
      source: source, frees: gated, transfers: gated, executors: group.reactors, limits: limits)
    var options = JobOptions()
    options.bandwidth = 10
    let mailbox = TaskMailbox()
    let times = Mutex([source.now])
    let file = TaskFile(path: "/d/f", version: "v1", length: 3_000)
    runner.run(Self.request(.load, file, options)) { word in
      times.withLock { $0.append(source.now) }
      mailbox.put(word)
    }
    let words = await Self.words(mailbox)
    #expect(words.last == .ended([FileResult(0, .done(bytes: 3_000))], .done))
    let arrived = words.dropLast().map { word -> Int64? in
      if case .progress([], underway: 0, let arrived) = word { arrived } else { nil }
    }
    #expect(arrived.allSatisfy { $0 != nil }, "\(words)")
    // What has come of a file that is not done is told, and grows.
    let parts = arrived.compactMap(\.self)
    #expect(parts == parts.sorted() && Set(parts).count > 20, "\(parts)")
    #expect((parts.last ?? 0) > 2_500 && (parts.last ?? 0) < 3_000)
    let told = times.withLock { $0 }
    let gaps = zip(told, told.dropFirst()).map { $1 - $0 }
    // Each range waits for 100 s, and a minute of silence would be taken for stuck.
    #expect((gaps.max() ?? .max) <= 2_000_000_000, "\(gaps)")
    #expect((told.last ?? 0) - told[0] >= 200_000_000_000)
  }

  @Test("what a task that is called off has done all the same is told")
  func calledOff() async throws {
    let group = try ReactorGroup(count: 1, pinned: false)
    defer { group.stop() }
    let gated = Gated()
    let runner = TaskRunner(
      source: FakeLoadSource(), frees: gated, transfers: gated, executors: group.reactors,
      limits: LoadLimits())
    let mailbox = TaskMailbox()
    var file = TaskFile(path: "/d/f", version: "v1", length: 7)
    file.target = "/e/f"
    let request = Self.request(.move, file)
    runner.run(request) { mailbox.put($0) }
    await gated.gate.waitForArrivals(1)
    runner.cancel(request.id)
    gated.gate.release()
    let words = await Self.words(mailbox)
    #expect(words.last == .ended([FileResult(0, .done(bytes: 7))], .done))
  }
}
