// What a job says that waits, is limited, or is stopped while its tasks are at work.

import Membership
import Model
import Testing

@testable import Scheduler

@Suite struct JobEndTests {
  private func world(
    workers: Int = 1, _ change: (inout SchedulerLimits) -> Void = { _ in }
  ) -> JobWorld {
    var limits = SchedulerLimits()
    limits.batchSize = 4
    change(&limits)
    let world = JobWorld(seed: 1, workerCount: workers, limits: limits)
    for place in 0..<workers { world.join(place) }
    return world
  }

  private func add(_ world: JobWorld, _ root: String, files: Int, length: Int64 = 10) {
    world.files[root] = (0..<files).map {
      WorldFile(path: "\(root)/f\($0)", length: length, nature: .good)
    }
  }

  /// Brings what was submitted to the workers.
  private func begin(_ world: JobWorld) {
    for _ in 0..<8 {
      world.write(count: .max)
      guard let request = world.lists.first else { continue }
      world.lists.removeFirst()
      let files = (world.files[world.root(of: request.specification)] ?? []).map {
        TaskFile(path: $0.path, version: "v", length: $0.length)
      }
      world.handle(
        .listed(
          number: request.number, job: request.job, ListedPage(files: files, next: nil)))
    }
  }

  private func tasks(_ world: JobWorld, of job: JobID) -> [TaskRequest] {
    world.tasks.values.map(\.request).filter { $0.job == job }
      .sorted { $0.id.number < $1.id.number }
  }

  // MARK: Stops

  @Test("a move that is stopped ends once its tasks have said what they moved, and counts that")
  func exactStop() {
    let world = world()
    add(world, "s3://b/d", files: 20)
    let target = JobTarget.transfer(source: "s3://b/d", destination: "s3://b/e")
    let (_, id) = world.submit(JobSpecification(.move, target))
    begin(world)
    let first = tasks(world, of: id)
    #expect(first.count == 3)
    world.handle(.stop(request: 90, id: id))
    world.handle(.stop(request: 91, id: id))
    world.write(count: .max)
    #expect(world.answers[90] == nil && world.stored(id)?.state == .running)
    #expect(world.core.progress(of: id, at: 0)?.waits?.hasPrefix("3 tasks are called off") == true)
    #expect(world.tasks.values.allSatisfy { $0.isCancelled })
    for task in first {
      world.tasks[task.id.number] = nil
      world.handle(
        .taskEnded(task.id, [FileResult(0, .done(bytes: 10)), FileResult(2, .skipped)], .cancelled))
    }
    #expect(world.tasks.isEmpty)
    world.write(count: .max)
    let record = world.stored(id)
    #expect(world.answers[90] == .stopped(id) && world.answers[91] == .stopped(id))
    #expect(record?.state == .stopped && record?.failure == nil)
    #expect(record?.totals.ledger.loaded == FileCount(files: 3, bytes: 30))
    #expect(record?.totals.ledger.skipped == FileCount(files: 3, bytes: 30))
    #expect(record?.totals.ledger.listed.files == 6 && record?.totals.givenBack.files == 14)
  }

  @Test("a worker that does not say what it moved is not waited for for ever, and is named")
  func silentStop() {
    let world = world { $0.closeTime = .seconds(10) }
    add(world, "s3://b/d", files: 3)
    let target = JobTarget.transfer(source: "s3://b/d", destination: "s3://b/e")
    let (_, id) = world.submit(JobSpecification(.copy, target))
    begin(world)
    world.handle(.stop(request: 90, id: id))
    world.pass(.seconds(9))
    #expect(world.answers[90] == nil)
    world.pass(.seconds(2))
    world.write(count: .max)
    #expect(world.answers[90] == .stopped(id))
    #expect(world.stored(id)?.failure?.hasPrefix("worker-0:29999 did not say in time") == true)
  }

  // MARK: Bandwidth

  private func limited(_ bandwidth: Int64) -> JobOptions {
    var options = JobOptions()
    options.bandwidth = bandwidth
    return options
  }

  @Test("jobs with a bandwidth have in flight what it feeds, and take no slot from others")
  func limitedJobs() {
    let world = world()
    var slow: [JobID] = []
    for number in 0..<4 {
      add(world, "s3://b/\(number)", files: 40, length: 1000)
      let job = JobSpecification(.load, .paths(["s3://b/\(number)"]), options: limited(500))
      slow.append(world.submit(job).id)
    }
    begin(world)
    // Four seconds of 500 bytes are two files.
    for id in slow { #expect(tasks(world, of: id).map(\.files.count) == [2]) }
    add(world, "s3://b/fast", files: 40)
    let (_, fast) = world.submit(JobSpecification(.load, .paths(["s3://b/fast"])))
    begin(world)
    #expect(tasks(world, of: fast).map(\.files.count) == [4, 4, 4])
    // The next batch comes with the end of the one before.
    let task = tasks(world, of: slow[0])[0]
    world.tasks[task.id.number] = nil
    let results = task.files.indices.map { FileResult($0, .done(bytes: 1000)) }
    world.handle(.taskEnded(task.id, results, .done))
    #expect(tasks(world, of: slow[0]).map(\.files.count) == [2])
    #expect(world.problems.isEmpty, "\(world.problems)")
  }

  @Test("a bandwidth that feeds more than a batch gets as many tasks as another job")
  func fastLimit() {
    let world = world()
    add(world, "s3://b/d", files: 40)
    let job = JobSpecification(.load, .paths(["s3://b/d"]), options: limited(1 << 30))
    let (_, id) = world.submit(job)
    begin(world)
    #expect(tasks(world, of: id).map(\.files.count) == [4, 4, 4])
  }

  // MARK: Waits

  @Test("a listing that its source does not give is asked for again for two minutes, and says so")
  func listingOutage() {
    let world = world()
    let (_, id) = world.submit(JobSpecification(.load, .paths(["s3://b/d"])))
    begin(world)
    let (_, other) = world.submit(JobSpecification(.load, .paths(["s3://b/e"])))
    world.write(count: .max)
    world.write(count: .max)
    #expect(world.stored(id)?.state == .succeeded)
    let start = world.time.ticks
    var count = 0
    while world.stored(other)?.state == .running, count < 1000 {
      guard let request = world.lists.first else {
        world.pass(.milliseconds(100))
        continue
      }
      count += 1
      world.lists.removeFirst()
      world.handle(
        .listFailed(
          number: request.number, job: request.job, reason: "slow down", retryAfter: .zero))
      if world.time.ticks - start > 100_000_000_000, world.ended[other] == nil {
        let waits = world.core.progress(of: other, at: 0)?.waits
        #expect(waits.map { $0.hasPrefix("listing waits, for ") } ?? true, "\(waits ?? "")")
        #expect(waits.map { $0.hasSuffix("slow down") } ?? true, "\(waits ?? "")")
      }
      world.write(count: .max)
    }
    let seconds = (world.time.ticks - start) / 1_000_000_000
    #expect(seconds >= 119 && seconds <= 125, "\(seconds)")
    #expect(count > 12 && count < 40, "\(count)")
    #expect(world.stored(other)?.state == .failed)
    #expect(world.stored(other)?.failure?.contains("slow down") == true)
  }

  @Test("a listing that comes again after an outage goes on, and says nothing of it any more")
  func listingRecovers() {
    let world = world()
    add(world, "s3://b/d", files: 3)
    let (_, id) = world.submit(JobSpecification(.load, .paths(["s3://b/d"])))
    world.write(count: .max)
    world.write(count: .max)
    for _ in 0..<300 {
      if let request = world.lists.first {
        world.lists.removeFirst()
        world.handle(
          .listFailed(
            number: request.number, job: request.job, reason: "503", retryAfter: .seconds(1)))
      }
      world.pass(.milliseconds(200))
    }
    #expect(world.core.progress(of: id, at: 0)?.waits?.contains("503") == true)
    while world.lists.isEmpty { world.pass(.milliseconds(200)) }
    begin(world)
    #expect(world.core.progress(of: id, at: 0)?.waits == nil)
    while !world.tasks.isEmpty { world.work() }
    world.write(count: .max)
    #expect(world.stored(id)?.state == .succeeded)
  }

  @Test("without a worker a job says that it waits for one, in its line and at work")
  func noWorker() {
    let world = world(workers: 0) { $0.runningJobCountMax = 1 }
    add(world, "s3://b/d", files: 3)
    let (_, first) = world.submit(JobSpecification(.load, .paths(["s3://b/d"])))
    let (_, second) = world.submit(JobSpecification(.load, .paths(["s3://b/e"])))
    begin(world)
    for id in [first, second] {
      #expect(
        world.core.progress(of: id, at: 0)?.waits == "no worker is registered; waits for one")
    }
    guard let progress = world.core.progress(of: first, at: 0) else {
      Issue.record("no job")
      return
    }
    let line = "\tWaits: no worker is registered; waits for one\n"
    #expect(JobReport(progress).text.hasSuffix(line))
  }
}
