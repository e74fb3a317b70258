// What the scheduler decides, one decision at a time.

import DaemonDriver
import Membership
import Model
import Testing

@testable import Scheduler

@Suite struct SchedulerCoreTests {
  /// A world without chance: what it is told, and in that order.
  private func world(
    workers: Int = 1, files: Int = 0, _ change: (inout SchedulerLimits) -> Void = { _ in }
  ) -> JobWorld {
    var limits = SchedulerLimits()
    limits.stallTime = .seconds(20)
    change(&limits)
    let world = JobWorld(seed: 1, workerCount: workers, limits: limits)
    for place in 0..<workers { world.join(place) }
    world.files["s3://b/d"] = (0..<files).map {
      WorldFile(path: "s3://b/d/f\($0)", length: 10, nature: .good)
    }
    return world
  }

  private func load(
    _ path: String = "s3://b/d", _ change: (inout JobOptions) -> Void = { _ in }
  ) -> JobSpecification {
    var options = JobOptions()
    change(&options)
    return JobSpecification(.load, .paths([path]), options: options)
  }

  /// Acknowledges writes and answers the listing until a job's tasks are at workers.
  private func begin(_ world: JobWorld) {
    for _ in 0..<6 {
      world.write(count: .max)
      if let request = world.lists.first {
        world.lists.removeFirst()
        let all = world.files[world.root(of: request.specification)] ?? []
        let start = request.cursor.flatMap { Int($0) } ?? 0
        let end = min(all.count, start + request.max)
        world.handle(
          .listed(
            number: request.number, job: request.job,
            ListedPage(
              files: all[start..<end].map { TaskFile(path: $0.path, length: $0.length) },
              next: end == all.count ? nil : "\(end)")))
      }
    }
  }

  private func succeed(_ world: JobWorld, _ task: TaskRequest) {
    world.tasks[task.id.number] = nil
    let results = task.files.indices.map { FileResult($0, .done(bytes: task.files[$0].size)) }
    world.handle(.taskEnded(task.id, results, .done))
  }

  @Test("nothing is answered, listed, dispatched or told before it is on disk")
  func durableFirst() {
    let world = world(files: 3)
    let (request, id) = world.submit(load())
    #expect(world.answers[request] == nil && world.given.count == 1)
    world.write(count: 1)
    #expect(world.answers[request] == .submitted(id))
    #expect(world.lists.isEmpty && world.stored(id)?.state == .waiting)
    world.write(count: 1)
    #expect(world.lists.count == 1 && world.stored(id)?.state == .running)
    begin(world)
    let tasks = world.tasks.values.map(\.request)
    #expect(tasks.map(\.files.count) == [3])
    for task in tasks { succeed(world, task) }
    #expect(world.ended[id] == nil)
    world.write(count: .max)
    #expect(world.ended[id]?.map(\.state) == [.succeeded])
    #expect(world.problems.isEmpty, "\(world.problems)")
  }

  @Test("a job that is there already is not submitted again; another one by its alias is refused")
  func repeated() {
    let world = world()
    var first = load()
    first.alias = "nightly"
    let (_, id) = world.submit(first)
    let (second, _) = world.submit(load())
    #expect(world.answers[second] == .alreadyActive(id))
    var third = load("s3://b/other")
    third.alias = "nightly"
    guard case .refused(let error) = world.answers[world.submit(third).request] else {
      Issue.record("another job passed for the one of that alias")
      return
    }
    #expect(error.code == .invalid && error.description.contains("nightly"))
    #expect(error.description.contains("\(id)"))
    #expect(world.core.activeJob(.paths(.load, ["s3://b/d"])) == id)
    #expect(world.core.activeJob(.paths(.free, ["s3://b/d"])) == nil)
  }

  @Test("beyond the waiting capacity a submission is refused in clear words")
  func capacity() {
    let world = world {
      $0.waitingJobCountMax = 2
      $0.runningJobCountMax = 1
    }
    var answers: [SchedulerAnswer?] = []
    for number in 0..<4 {
      let (request, _) = world.submit(load("s3://b/\(number)"))
      world.write(count: .max)
      answers.append(world.answers[request])
    }
    guard case .refused(let error) = answers[3] else {
      Issue.record("\(String(describing: answers[3]))")
      return
    }
    #expect(error.code == .capacity)
    #expect(error.description.hasPrefix("Too many jobs running, please submit later."))
  }

  @Test("a submission that cannot be right is refused with what is wrong")
  func invalid() {
    let cases: [(JobSpecification, String)] = [
      (JobSpecification(.load, .paths([])), "a job needs a path"),
      (JobSpecification(.load, .paths([""])), "a path is empty"),
      (load { $0.replicas = 0 }, "replicas must be from 1 to 100, not 0"),
      (load { $0.batchSize = 0 }, "batch size must be from 1 to 10000, not 0"),
      (load { $0.bandwidth = 0 }, "bandwidth must be above 0, not 0"),
      (JobSpecification(.copy, .paths(["a"])), "copy needs a source and a destination"),
      (
        JobSpecification(.load, .transfer(source: "a", destination: "b")),
        "load takes no destination"
      ),
      (
        JobSpecification(.move, .transfer(source: "s3://b/x/", destination: "s3://b/x/y")),
        "the destination s3://b/x/y lies in the source s3://b/x/"
      ),
      (JobSpecification(.free, .index("i")), "free takes a path, not an index file"),
    ]
    for (specification, text) in cases {
      let world = world()
      let (request, _) = world.submit(specification)
      #expect(world.answers[request] == .refused(SchedulerError(.invalid, text)))
      #expect(world.given.isEmpty)
    }
    #expect(
      JobSpecification(.move, .transfer(source: "s3://b/x", destination: "s3://b/xy")).problem
        == nil)
  }

  @Test("jobs get their turn by priority, then by age")
  func order() {
    let world = world { $0.runningJobCountMax = 1 }
    var ids: [JobID] = []
    for (number, priority) in [0, 1, 5, 5].enumerated() {
      ids.append(world.submit(load("s3://b/\(number)") { $0.priority = Int32(priority) }).id)
    }
    for _ in 0..<10 { begin(world) }
    #expect(world.endOrder == [ids[2], ids[3], ids[1], ids[0]])
  }

  @Test("a free slot takes the next batch at once, and a worker never has more than its slots")
  func slots() {
    let world = world(files: 1000) { $0.batchSize = 100 }
    _ = world.submit(load())
    begin(world)
    #expect(world.tasks.count == 3)
    guard let task = world.tasks.values.first?.request else { return }
    succeed(world, task)
    #expect(world.tasks.count == 3)
    #expect(world.core.metrics.dispatchedFiles == 400)
  }

  @Test("two jobs of one priority share a worker's slots")
  func fairness() {
    let world = world(files: 1000) { $0.batchSize = 100 }
    world.files["s3://b/e"] = (0..<1000).map {
      WorldFile(path: "s3://b/e/f\($0)", length: 1, nature: .good)
    }
    let (_, first) = world.submit(load())
    begin(world)
    let (_, second) = world.submit(load("s3://b/e"))
    begin(world)
    for _ in 0..<4 {
      guard let task = world.tasks.values.first(where: { $0.request.job == first }) else { break }
      succeed(world, task.request)
    }
    #expect(world.tasks.values.count { $0.request.job == second } >= 1)
    let counts = world.core.running.map { $0.taskCounts[0] }
    #expect(counts.allSatisfy { $0 >= 1 }, "\(counts)")
  }

  @Test("a stopped job takes its tasks back at once, and ends when that is on disk")
  func stop() {
    let world = world(files: 500) { $0.batchSize = 100 }
    let (_, id) = world.submit(load())
    begin(world)
    guard let task = world.tasks.values.first?.request else { return }
    succeed(world, task)
    world.handle(.stop(request: 77, id: id))
    #expect(world.tasks.values.allSatisfy(\.isCancelled) && world.tasks.count == 3)
    #expect(world.answers[77] == nil)
    world.write(count: .max)
    #expect(world.answers[77] == .stopped(id))
    let ledger = world.stored(id)?.totals.ledger
    #expect(ledger?.listed == ledger?.settled && ledger?.loaded.files == 100)
    #expect(world.stored(id)?.totals.givenBack.files == 400)
    world.handle(.stop(request: 78, id: id))
    #expect(
      world.answers[78] == .refused(SchedulerError(.notFound, "no job \(id) waits or runs")))
    #expect(world.core.activeJob(.paths(.load, ["s3://b/d"])) == nil)
  }

  @Test("a job that waits is stopped without ever running")
  func stopWaiting() {
    let world = world(files: 1) { $0.initialWait = .seconds(10) }
    let (_, id) = world.submit(load())
    world.write(count: .max)
    world.handle(.stop(request: 5, id: id))
    world.write(count: .max)
    #expect(world.answers[5] == .stopped(id) && world.ended[id]?.map(\.state) == [.stopped])
    world.pass(.seconds(20))
    #expect(world.given.isEmpty && world.lists.isEmpty)
  }

  @Test("too many failed files end a job early, by count and ratio together")
  func thresholds() {
    for (count, ratio, isEarly) in [
      (5, 1000, true), (5, 9000, false), (50, 1000, false), (nil, 1000, false),
    ] as [(Int64?, Int64, Bool)] {
      let world = world(files: 100) {
        $0.batchSize = 10
        $0.failureCountThreshold = count
        $0.failureRatioThreshold = ratio
        $0.tasksPerWorker = 1
      }
      let (_, id) = world.submit(load())
      begin(world)
      for _ in 0..<20 {
        guard let task = world.tasks.values.first, !task.isCancelled else { break }
        world.tasks = [:]
        let results = task.request.files.indices.map {
          FileResult(
            $0, $0 % 5 == 0 ? .failed(FileFailure(.file, "bad")) : .done(bytes: 10))
        }
        world.handle(.taskEnded(task.request.id, results, .done))
      }
      world.write(count: .max)
      let record = world.stored(id)
      #expect(record?.state == .failed)
      #expect(record?.totals.ledger.listed.files == (isEarly ? 30 : 100))
      #expect(record?.totals.ledger.failed.files == (isEarly ? 6 : 20))
      #expect(world.failures(of: id).count == (isEarly ? 6 : 20))
      #expect(
        record?.failure?.hasPrefix(isEarly ? "Too many files failed" : "Job partially") == true)
    }
  }

  @Test("a job's life is told by its id: each step once, retries and failures at powers of ten")
  func life() {
    let world = world(workers: 2, files: 40) { $0.batchSize = 10 }
    let (_, id) = world.submit(load())
    begin(world)
    guard let lost = world.tasks.values.first?.request else { return }
    world.handle(.workerLost(lost.worker))
    for _ in 0..<200 where world.ended[id] == nil {
      for task in world.tasks.values.map(\.request).sorted(by: { $0.id.number < $1.id.number }) {
        guard task.worker != lost.worker else {
          world.tasks[task.id.number] = nil
          continue
        }
        let results = task.files.indices.map {
          FileResult($0, .failed(FileFailure(.file, "bad", retryAfter: .zero)))
        }
        world.handle(.taskEnded(task.id, results, .done))
      }
      world.write(count: .max)
      world.pass(.seconds(1))
    }
    var steps: [String] = []
    var (retries, failures): ([Int64], [Int64]) = ([], [])
    for note in world.notes {
      switch note {
      case .jobSubmitted(let record) where record.id == id: steps.append("submitted")
      case .jobStarted(id, isResumed: false): steps.append("started")
      case .jobDispatches(id, _, _): steps.append("dispatches")
      case .jobListed(id, let count, isVerification: false):
        #expect(count.files == 40)
        steps.append("listed")
      case .jobLosesTasks(id, _, let tasks, let files, _):
        #expect(tasks > 0 && files >= tasks)
        steps.append("loses")
      case .jobRetries(id, let count, _): retries.append(count)
      case .jobFails(id, let count, _): failures.append(count)
      default: break
      }
    }
    #expect(steps.sorted() == ["dispatches", "listed", "loses", "started", "submitted"])
    #expect(steps.prefix(2) == ["submitted", "started"])
    #expect(retries == [1, 10, 100] && failures == [1, 10])
    #expect(world.ended[id]?.first?.state == .failed)
  }

  @Test("bytes of files under way are told, and counted as loaded when their files are")
  func arrived() throws {
    let world = world(workers: 1, files: 4) { $0.batchSize = 40 }
    let (_, id) = world.submit(load())
    begin(world)
    let task = try #require(
      world.tasks.values.map(\.request).max(by: { $0.files.count < $1.files.count }))
    func now() -> (arrived: Int64, loaded: Int64, inFlight: Int64)? {
      world.core.progress(of: id, at: 0).map {
        ($0.arrived, $0.totals.ledger.loaded.bytes, $0.totals.ledger.inFlight.bytes)
      }
    }
    world.handle(.taskProgress(task.id, [], underway: 1, arrived: 15))
    #expect(now() ?? (0, 0, 0) == (15, 0, 40))
    world.handle(
      .taskProgress(task.id, [FileResult(0, .done(bytes: 10))], underway: 1, arrived: 7))
    #expect(now() ?? (0, 0, 0) == (7, 10, 30))
    // A worker cannot say more than there is to come.
    for wrong in [Int64.max, .min, -1, 1_000] {
      world.handle(.taskProgress(task.id, [], underway: 1, arrived: wrong))
      #expect(now()?.arrived == (wrong > 0 ? 30 : 0))
    }
    let results = (1..<4).map { FileResult($0, .done(bytes: 10)) }
    world.handle(.taskEnded(task.id, results, .done))
    #expect(world.core.progress(of: id, at: 0).map { $0.arrived == 0 } ?? true)
  }

  @Test("a stuck task is named with worker, file and time, and its files go to another worker")
  func stuck() {
    let world = world(workers: 2, files: 40) { $0.batchSize = 40 }
    let (_, id) = world.submit(load())
    begin(world)
    guard let task = world.tasks.values.map(\.request).max(by: { $0.files.count < $1.files.count })
    else { return }
    let first = FileResult(0, .done(bytes: 10))
    world.handle(.taskProgress(task.id, [first], underway: 1))
    for other in world.tasks.values where other.request.id != task.id {
      succeed(world, other.request)
    }
    let since = world.time.ticks
    world.pass(.seconds(10))
    #expect(world.core.progress(of: id, at: 0)?.stuckTasks.first?.path == task.files[1].path)
    world.pass(.seconds(11))
    let notes = world.notes.compactMap { note -> StuckTask? in
      if case .taskStuck(let stuck) = note { stuck } else { nil }
    }
    #expect(notes.map(\.path) == [task.files[1].path] && notes.map(\.worker) == [task.worker])
    #expect(notes.map(\.since) == [since])
    // It is named for as long as it takes up room at its worker.
    let given = world.core.progress(of: id, at: 0)?.stuckTasks
    #expect(given?.map(\.path) == [task.files[1].path] && given?.first?.isGivenUp == true)
    world.core.refreshGauges()
    #expect(world.core.metrics.silentTasks.map(\.worker) == [task.worker])
    // The late answer counts for nothing; the others are answered elsewhere.
    world.pass(.seconds(1))
    for other in world.tasks.values where other.request.id != task.id {
      #expect(other.request.worker != task.worker)
      succeed(world, other.request)
    }
    succeed(world, task)
    world.write(count: .max)
    #expect(world.ended[id]?.map(\.state) == [.succeeded])
    #expect(world.stored(id)?.totals.ledger.loaded == FileCount(files: 40, bytes: 400))
    #expect(world.core.metrics.lateResults == UInt64(task.files.count))
  }

  @Test(
    "what a worker that cannot be reached was to do goes to others, and it is tried again later")
  func unreachable() {
    let world = world(workers: 2, files: 40) { $0.batchSize = 40 }
    let (_, id) = world.submit(load())
    begin(world)
    guard let gone = world.tasks.values.first?.request.worker else { return }
    for _ in 0..<40 where world.ended[id] == nil {
      for task in world.tasks.values.map(\.request).sorted(by: { $0.id.number < $1.id.number }) {
        guard task.worker == gone else {
          succeed(world, task)
          continue
        }
        world.tasks[task.id.number] = nil
        world.handle(.taskEnded(task.id, [], .failed(.workerNotReachable, "connection refused")))
      }
      world.write(count: .max)
      world.pass(.milliseconds(100))
    }
    #expect(world.ended[id]?.map(\.state) == [.succeeded])
    #expect(world.stored(id)?.totals.ledger.loaded == FileCount(files: 40, bytes: 400))
    let suspects = world.notes.compactMap { note -> WorkerIdentity? in
      if case .workerSuspect(let worker, _) = note { worker } else { nil }
    }
    #expect(suspects.first == gone)
    // It is there again: it gets its share of the next job.
    world.pass(.seconds(600))
    _ = world.submit(load("s3://b/d") { $0.verify = true })
    begin(world)
    #expect(world.tasks.values.contains { $0.request.worker == gone })
  }

  @Test("a file that breaks workers travels alone after three of them")
  func poisonForWorkers() {
    let world = world(files: 5) { $0.tasksPerWorker = 1 }
    let (_, id) = world.submit(load())
    begin(world)
    for _ in 0..<3 {
      guard let task = world.tasks.values.first?.request else { break }
      let bad = task.files.firstIndex { $0.path.hasSuffix("f0") } ?? 0
      world.handle(.taskProgress(task.id, [], underway: bad))
      world.tasks = [:]
      world.handle(.taskEnded(task.id, [], .failed(.workerFailed, "crashed")))
      world.pass(.seconds(11))
    }
    for _ in 0..<10 {
      guard let task = world.tasks.values.first?.request else { break }
      if task.files.contains(where: { $0.path.hasSuffix("f0") }) {
        #expect(task.files.count == 1)
      }
      succeed(world, task)
    }
    world.write(count: .max)
    #expect(world.ended[id]?.map(\.state) == [.succeeded])
  }

  @Test("verification lists again, loads what is new or missing, and its listing is the truth")
  func verification() {
    let world = world(files: 10)
    let (_, id) = world.submit(load { $0.verify = true })
    begin(world)
    for task in world.tasks.values { succeed(world, task.request) }
    world.files["s3://b/d"]?.append(WorldFile(path: "s3://b/d/new", length: 5, nature: .good))
    begin(world)
    #expect(world.stored(id)?.state == .verifying)
    guard let task = world.tasks.values.first?.request else {
      Issue.record("no task")
      return
    }
    #expect(task.action == .verify && task.files.count == 11)
    world.tasks = [:]
    let results = task.files.indices.map {
      FileResult($0, task.files[$0].path.hasSuffix("new") ? .done(bytes: 5) : .skipped)
    }
    world.handle(.taskEnded(task.id, results, .done))
    world.write(count: .max)
    let totals = world.stored(id)?.totals
    #expect(world.ended[id]?.map(\.state) == [.succeeded])
    #expect(totals?.ledger.loaded == FileCount(files: 11, bytes: 105))
    #expect(totals?.verification?.loaded == FileCount(files: 1, bytes: 5))
    #expect(totals?.verification?.skipped.files == 10)
  }

  @Test("free asks every worker, and fails by name for one that is away")
  func free() {
    let world = world(workers: 3)
    world.lose(2)
    let (_, id) = world.submit(JobSpecification(.free, .paths(["s3://b/d"])))
    begin(world)
    #expect(world.tasks.count == 2)
    for task in world.tasks.values.map(\.request) {
      #expect(task.action == .free)
      world.tasks[task.id.number] = nil
      let freed = FileOutcome.freed(FileCount(files: 4, bytes: 40))
      world.handle(.taskEnded(task.id, [FileResult(0, freed)], .done))
    }
    let away =
      "away since 2023-11-14T22:13:20.000+00:00; start it, or free again once it is no longer listed"
      + " (alluxio.master.lost.worker.deletion.timeout)"
    #expect(world.core.progress(of: id, at: 0)?.waits == "worker-2:29999: \(away)")
    for _ in 0..<10 { world.pass(.seconds(11)) }
    world.write(count: .max)
    let record = world.stored(id)
    #expect(record?.state == .failed)
    #expect(record?.failure == "Job partially failed. worker-2:29999: \(away)")
    #expect(record?.totals.ledger.loaded == FileCount(files: 8, bytes: 80))
    #expect(
      world.failures(of: id).map(\.reason) == ["worker-2:29999: WORKER_NOT_REACHABLE: \(away)"])
  }

  @Test("a full disk refuses submissions clearly, and what was under way goes on when it is back")
  func fullDisk() {
    let world = world(files: 10)
    let (_, id) = world.submit(load())
    begin(world)
    let (second, _) = world.submit(load("s3://b/other"))
    for task in world.tasks.values { succeed(world, task.request) }
    world.failWrites()
    #expect(
      world.answers[second] == .refused(SchedulerError(.noSpace, "no space left")))
    let (third, _) = world.submit(load("s3://b/third"))
    #expect(world.answers[third] == .refused(SchedulerError(.noSpace, "no space left")))
    #expect(world.given.isEmpty && world.ended[id] == nil)
    world.pass(.seconds(2))
    #expect(world.given.allSatisfy { $0.fence == 2 } && !world.given.isEmpty)
    world.write(count: .max)
    #expect(world.ended[id]?.map(\.state) == [.succeeded])
    #expect(world.notes.contains(.storeWorks))
    #expect(world.core.activeJob(.paths(.load, ["s3://b/other"])) == nil)
  }

  @Test("pieces of large files are spread over workers, and the file counts once")
  func pieces() {
    let world = world(workers: 3) { $0.pieceSize = 100 }
    world.files["s3://b/d"] = [
      WorldFile(path: "s3://b/d/big", length: 950, nature: .good),
      WorldFile(path: "s3://b/d/small", length: 100, nature: .good),
    ]
    let (_, id) = world.submit(load())
    begin(world)
    for _ in 0..<8 { for task in world.tasks.values { succeed(world, task.request) } }
    world.write(count: .max)
    #expect(world.stored(id)?.state == .succeeded)
    #expect(world.stored(id)?.totals.ledger.loaded == FileCount(files: 2, bytes: 1050))
    #expect(world.stored(id)?.totals.subtasks == 11)
  }

  @Test("replicas go to the first workers of the path's order, and the file counts once")
  func replicas() {
    let world = world(workers: 3, files: 1)
    let (_, id) = world.submit(load { $0.replicas = 2 })
    begin(world)
    var ring = RingPlacement()
    ring.setWorkers(world.workers.map(\.identity))
    let order = ring.order(for: "s3://b/d/f0", count: 2).map { world.workers[$0].identity }
    #expect(Set(world.tasks.values.map(\.request.worker)) == Set(order))
    for task in world.tasks.values { succeed(world, task.request) }
    world.write(count: .max)
    #expect(world.stored(id)?.totals.ledger.loaded == FileCount(files: 1, bytes: 10))
  }

  @Test("replicas never meet on one worker, whichever attempts fail and whichever workers go")
  func replicasApart() {
    for seed in 0..<40 as Range<UInt64> {
      let world = world(workers: 4, files: 6) { $0.batchSize = 1 }
      world.random = SeededRandom(seed: seed)
      let (_, id) = world.submit(load { $0.replicas = 2 })
      begin(world)
      if seed % 2 == 1 { world.lose(Int(seed / 2 % 4)) }
      var places: [String: [WorkerIdentity]] = [:]
      for _ in 0..<400 where world.stored(id)?.state == .running {
        for task in world.tasks.values.map(\.request).sorted(by: { $0.id.number < $1.id.number }) {
          guard world.random.below(3) > 0 else {
            world.tasks[task.id.number] = nil
            let failure = FileFailure(.file, "refused", retryAfter: .zero)
            world.handle(.taskEnded(task.id, [FileResult(0, .failed(failure))], .done))
            continue
          }
          places[task.files[0].path, default: []].append(task.worker)
          succeed(world, task)
        }
        world.pass(.seconds(10))
        world.write(count: .max)
      }
      let state = world.stored(id)?.state
      #expect(state == .succeeded || state == .failed, "SEED=\(seed)")
      for (path, workers) in places {
        #expect(Set(workers).count == workers.count, "SEED=\(seed) \(path) \(workers)")
      }
    }
  }

  @Test(
    "a worker that is removed is not asked by a FREE, nor listed, and its place becomes another's")
  func removed() {
    let world = world(workers: 3)
    let (first, second, third) = (
      world.workers[0].identity, world.workers[1].identity, world.workers[2].identity
    )
    world.handle(.workerRemoved(first))
    #expect(world.core.workerStates.count == 3, "one that is there cannot be removed")
    world.lose(0)
    world.handle(.workerRemoved(first))
    #expect(Set(world.core.workerStates.map(\.info.identity)) == [second, third])
    world.handle(.workerJoined(WorkerInfo(WorkerIdentity(host: "other"), name: "other:1")))
    #expect(world.core.workers.count == 3)
    #expect(world.core.workerStates.allSatisfy { $0.isLive })
    world.handle(.workerLost(WorkerIdentity(host: "other")))
    world.handle(.workerRemoved(WorkerIdentity(host: "other")))
    let (_, id) = world.submit(JobSpecification(.free, .paths(["s3://b/d"])))
    world.write(count: .max)
    world.write(count: .max)
    #expect(Set(world.tasks.values.map(\.request.worker)) == [second, third])
    for task in world.tasks.values {
      world.tasks[task.request.id.number] = nil
      let freed = FileOutcome.freed(FileCount(files: 1, bytes: 5))
      world.handle(.taskEnded(task.request.id, [FileResult(0, freed)], .done))
    }
    world.write(count: .max)
    #expect(world.stored(id)?.state == .succeeded)
    #expect(world.stored(id)?.totals.ledger.loaded == FileCount(files: 2, bytes: 10))
    world.rejoin(0)
    #expect(world.core.workerStates.count == 3)
  }

  @Test("the whole is counted ahead when the listing has to wait")
  func countsAhead() {
    let world = world(files: 500) {
      $0.listingPageSize = 50
      $0.jobWindow = 100
      $0.totalWindow = 100
    }
    let (_, id) = world.submit(load())
    begin(world)
    #expect(world.counts.count == 1)
    world.answerCount()
    #expect(
      world.core.progress(of: id, at: 0)?.totals.expected == FileCount(files: 500, bytes: 5000))
    let other = self.world(files: 500) {
      $0.listingPageSize = 50
      $0.jobWindow = 100
    }
    _ = other.submit(load { $0.partialListing = true })
    begin(other)
    #expect(other.counts.isEmpty)
  }

  @Test("the files of a job in memory stay below its window")
  func window() {
    let world = world(files: 3000) {
      $0.listingPageSize = 50
      $0.jobWindow = 200
      $0.batchSize = 10
    }
    let (_, id) = world.submit(load())
    for _ in 0..<2000 where world.ended[id] == nil {
      begin(world)
      #expect((world.core.running.first?.unitCount ?? 0) <= 200)
      for task in world.tasks.values { succeed(world, task.request) }
    }
    #expect(world.stored(id)?.totals.ledger.loaded.files == 3000)
  }
}
