// The whole job service in one process, over a store in memory that a test can hold: coordinator, tasks, read path.

import DaemonDriver
import Foundation
import Model
import PageStore
import Ring
import Scheduler
import Synchronization
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

/// A job store that shows every write to a test, on the coordinator's ring, once it is made.
private final class ShownStore: JobStore {
  private let base = MemoryJobStore()
  private let look: @Sendable (StoreBatch) -> Void
  private let removed: @Sendable ([JobRecord]) -> Void

  init(
    _ look: @escaping @Sendable (StoreBatch) -> Void,
    removed: @escaping @Sendable ([JobRecord]) -> Void
  ) {
    self.look = look
    self.removed = removed
  }

  func commit(_ batch: StoreBatch, done: @escaping @Sendable (SchedulerError?) -> Void) {
    base.commit(batch, done: done)
    look(batch)
  }

  func recover(_ visit: (RecoveredJob) -> Void) throws(SchedulerError) { try base.recover(visit) }

  func list(_ query: JobQuery) throws(SchedulerError) -> JobPage { try base.list(query) }

  func count(_ query: JobQuery) throws(SchedulerError) -> Int { try base.count(query) }

  func record(of id: JobID) throws(SchedulerError) -> JobRecord? { try base.record(of: id) }

  func latest(_ name: JobIdentity) throws(SchedulerError) -> JobID? { try base.latest(name) }

  func failures(
    of id: JobID, from first: UInt64, limit: Int
  ) throws(SchedulerError) -> [FailedFile] {
    try base.failures(of: id, from: first, limit: limit)
  }

  func removeEnded(before: Int64, limit: Int) throws(SchedulerError) -> [JobRecord] {
    let records = try base.removeEnded(before: before, limit: limit)
    if !records.isEmpty { removed(records) }
    return records
  }

  func close() { base.close() }
}

/// A coordinator with one worker on the same rings.
final class JobService: Sendable {
  let group: ReactorGroup
  let ufs: FakeUFS
  let runner: TaskRunner
  let files: FileService
  let coordinator: Coordinator
  private let pool: BlockingPool
  private let holder: Holder

  /// What looks at writes before the coordinator is there.
  private final class Holder: Sendable {
    let coordinator = Mutex<Coordinator?>(nil)
  }

  /// Starts the service; `look` is shown every write and its coordinator, on its ring.
  init(
    _ ufs: FakeUFS, rings: Int, limits: SchedulerLimits, lists: String = "/nonexistent",
    look: @escaping @Sendable (Coordinator, StoreBatch) -> Void = { _, _ in },
    removed: @escaping @Sendable (Coordinator, [JobRecord]) -> Void = { _, _ in }
  ) throws {
    self.ufs = ufs
    group = try ReactorGroup(count: rings, pinned: false)
    pool = try BlockingPool(name: "test", threads: 2)
    let mounts = try TestMounts.table(ufs)
    files = FileService(
      mounts: mounts, store: try PageStore(capacity: 64 << 20, pageSize: 64 << 10),
      reactors: group.reactors)
    runner = TaskRunner(
      source: FilesLoadSource(files: files, pool: pool), frees: files, transfers: files,
      executors: group.reactors, limits: LoadLimits())
    let holder = Holder()
    self.holder = holder
    let store = ShownStore { batch in
      if let shown = holder.coordinator.withLock({ $0 }) { look(shown, batch) }
    } removed: { records in
      if let shown = holder.coordinator.withLock({ $0 }) { removed(shown, records) }
    }
    coordinator = try Coordinator(
      Coordinator.Parts(
        reactor: group.reactors[0], pool: pool, mounts: mounts, store: store, limits: limits,
        failedListDirectory: lists))
    holder.coordinator.withLock { $0 = coordinator }
    coordinator.join(
      WorkerInfo(WorkerIdentity(high: 1, low: 1), name: "worker", incarnation: 1), runner)
    coordinator.start()
  }

  /// Submits a load of everything.
  func submit() async throws -> JobID {
    let answer = await coordinator.submit(JobSpecification(.load, .paths(["/"])))
    guard case .submitted(let id, _) = answer else {
      throw SchedulerError(.invalid, "\(answer)")
    }
    return id
  }

  /// Ends everything; returns when no task runs.
  func stop() async {
    await runner.stop()
    await coordinator.stop()
    holder.coordinator.withLock { $0 = nil }
    group.stop()
    pool.stop()
  }
}

@Suite("Job service")
struct JobServiceTests {
  private static func limits(batch: Int) -> SchedulerLimits {
    var limits = SchedulerLimits()
    limits.batchSize = batch
    limits.listingPageSize = 100
    return limits
  }

  private static func fill(_ ufs: FakeUFS, count: Int) {
    for index in 0..<count {
      ufs.put("f\(10_000 + index)", [UInt8](repeating: 7, count: 100), token: "v\(index)")
    }
  }

  @Test("a load that is stopped asks for nothing after the answer, and what was in flight ends")
  func cancel() async throws {
    let gate = ReadGate(permits: 0)
    let begun = Count()
    let ufs = FakeUFS(beforeRead: {
      begun.add()
      await gate.pass()
    })
    Self.fill(ufs, count: 500)
    let service = try JobService(ufs, rings: 2, limits: Self.limits(batch: 20))
    let id = try await service.submit()
    // Three tasks of twenty files: all the worker takes, and all of them held.
    await gate.waitForArrivals(60)
    #expect(await service.coordinator.stop(.id(id)) == .stopped(id))
    let (reads, questions) = (begun.value, ufs.statusCount + ufs.listCount)
    #expect(reads == 60)
    let end = try await service.coordinator.progress(of: .id(id))
    #expect(end?.record.state == .stopped)
    #expect(end?.totals.ledger.listed == FileCount(), "\(String(describing: end?.totals))")
    #expect(end?.totals.givenBack.files ?? 0 >= 60)
    #expect(service.runner.taskCount == 3)
    gate.release()
    await service.stop()
    #expect(service.runner.taskCount == 0)
    #expect(begun.value == reads)
    #expect(ufs.statusCount + ufs.listCount == questions)
  }

  @Test("an ended job goes after its time, and its list of failed files with it")
  func retention() async throws {
    let ufs = FakeUFS()
    Self.fill(ufs, count: 20)
    ufs.failReads(.denied)
    var limits = Self.limits(batch: 7)
    limits.retention = .milliseconds(300)
    limits.cleanupInterval = .milliseconds(50)
    let folder = try ScratchDirectory("lists")
    let list = Mutex<String?>(nil)
    let gone = ReadGate(permits: 1 << 30)
    let service = try JobService(
      ufs, rings: 1, limits: limits, lists: folder.path,
      look: { _, batch in
        for case .update(let record) in batch.writes {
          if let path = record.failedListPath { list.withLock { $0 = path } }
        }
      },
      removed: { coordinator, records in
        // The list is told to the store a moment after the end.
        let hasList = records.contains { $0.failedListPath != nil }
        if hasList { coordinator.reactor.spawn { await gone.pass() } }
      })
    let id = try await service.submit()
    await gone.waitForArrivals(1)
    #expect(list.withLock { $0 }?.hasPrefix(folder.path) == true)
    #expect(try await service.coordinator.progress(of: .id(id)) == nil)
    #expect(try await service.coordinator.list(JobQuery()).records.isEmpty)
    await service.stop()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  /// What was seen of a job's counts.
  private struct Seen: Sendable {
    var looks = 0
    var listed: Int64 = 0
    var settled: Int64 = 0
    var problems: [String] = []
  }

  @Test("counts of many small files are exact at every write and at every read")
  func accounting() async throws {
    let count = 1000
    let seen = Mutex(Seen())
    let finished = Count()
    let ended = ReadGate(permits: 1 << 30)
    let box = ServiceBox()
    /// Looks at the counts; on the coordinator's ring.
    @Sendable func look(_ coordinator: Coordinator) {
      // Read first: what finishes meanwhile may be counted.
      let isRead = { Int64(finished.value) }
      for id in coordinator.core.runningJobs {
        guard let now = coordinator.core.progress(of: id, at: 0) else { continue }
        let ledger = now.totals.ledger
        seen.withLock { seen in
          seen.looks += 1
          if !ledger.isSound { seen.problems.append("negative: \(ledger)") }
          if ledger.listed.files < seen.listed || ledger.settled.files < seen.settled {
            seen.problems.append("counts went back: \(ledger)")
          }
          if ledger.listed.bytes != ledger.listed.files * 100
            || ledger.loaded.bytes != ledger.loaded.files * 100
          {
            seen.problems.append("bytes and files differ: \(ledger)")
          }
          if ledger.loaded.files > isRead() {
            seen.problems.append("loaded before read: \(ledger)")
          }
          (seen.listed, seen.settled) = (ledger.listed.files, ledger.settled.files)
        }
      }
    }
    let ufs = FakeUFS(beforeRead: {
      finished.add()
      guard let coordinator = box.coordinator.withLock({ $0 }) else { return }
      await coordinator.reactor.run { look(coordinator) }
    })
    Self.fill(ufs, count: count)
    let service = try JobService(
      ufs, rings: 2, limits: Self.limits(batch: 7)
    ) { coordinator, batch in
      look(coordinator)
      let isEnd = batch.writes.contains { write in
        if case .update(let record) = write { record.state.isTerminal } else { false }
      }
      if isEnd { coordinator.reactor.spawn { await ended.pass() } }
    }
    box.coordinator.withLock { $0 = service.coordinator }
    let id = try await service.submit()
    await ended.waitForArrivals(1)
    let end = try await service.coordinator.progress(of: .id(id))
    box.coordinator.withLock { $0 = nil }
    await service.stop()
    let found = seen.withLock { $0 }
    #expect(found.problems == [], "\(found.problems.prefix(5))")
    // At least once for each file read, and for each batch written.
    #expect(found.looks >= count)
    #expect(end?.record.state == .succeeded, "\(String(describing: end?.record.failure))")
    let ledger = end?.totals.ledger ?? JobLedger()
    #expect(ledger.listed == FileCount(files: Int64(count), bytes: Int64(count) * 100))
    #expect(ledger.loaded == ledger.listed)
    #expect(end?.totals.subtasks == Int64(count))
    #expect(ufs.readCount == count)
  }

  @Test("files that are freed while their load runs are in the cache again when it has succeeded")
  func freedMeanwhile() async throws {
    let count = 60
    let gate = ReadGate(permits: count - 1)
    let counted = ReadGate(permits: 1 << 30)
    let ended = ReadGate(permits: 1 << 30)
    let ufs = FakeUFS(beforeRead: { await gate.pass() })
    Self.fill(ufs, count: count)
    let service = try JobService(
      ufs, rings: 2, limits: Self.limits(batch: 20),
      look: { coordinator, batch in
        let isEnd = batch.writes.contains { write in
          if case .update(let record) = write { record.state.isTerminal } else { false }
        }
        if isEnd { coordinator.reactor.spawn { await ended.pass() } }
        for case .checkpoint(_, let checkpoint) in batch.writes
        where checkpoint.totals.ledger.loaded.files >= 40 {
          coordinator.reactor.spawn { await counted.pass() }
        }
      })
    let id = try await service.submit()
    // All but one are read, and two tasks of three are counted: then they are freed.
    await gate.waitForArrivals(count)
    await counted.waitForArrivals(1)
    let (files, store, root) = (service.files, service.files.store, ufs.rootURI)
    let outcome = await service.group.reactors[1].run { await files.free(ufsPath: root) }
    guard case .success(let freed) = outcome else {
      Issue.record("\(outcome)")
      return await service.stop()
    }
    #expect(freed.files >= 40)
    gate.release()
    await ended.waitForArrivals(1)
    let end = try await service.coordinator.progress(of: .id(id))
    let resident = store.statistics.pages
    await service.stop()
    #expect(end?.record.state == .succeeded, "\(String(describing: end?.record.failure))")
    #expect(resident == count)
    #expect(end?.totals.ledger.listed.files == Int64(count))
    #expect(end?.totals.verificationCount ?? 0 >= 1)
  }

  /// A number that goes up.
  private final class Count: Sendable {
    private let number = Atomic(0)
    var value: Int { number.load(ordering: .sequentiallyConsistent) }
    func add() { number.add(1, ordering: .sequentiallyConsistent) }
  }

  /// The service that reads look at, once it is there.
  private final class ServiceBox: Sendable {
    let coordinator = Mutex<Coordinator?>(nil)
  }
}
