// SUCCEEDED is true only while the workers that loaded the files still have them.

import Membership
import Model
import Testing

@testable import Scheduler

@Suite struct JobRelianceTests {
  private func world(
    files: Int, workers: Int = 2, _ change: (inout SchedulerLimits) -> Void = { _ in }
  ) -> (world: JobWorld, job: JobID) {
    JobWorld.loading(files: files, workers: workers, change)
  }

  private func run(_ world: JobWorld) {
    for _ in 0..<2000 {
      if world.core.running.isEmpty { return }
      world.write(count: .max)
      world.answerListing()
      world.work()
      if world.isIdle { world.pass(.seconds(1)) }
    }
  }

  private func verifications(_ world: JobWorld) -> [String] {
    world.notes.compactMap {
      if case .jobVerifies(_, _, let reason) = $0 { reason } else { nil }
    }
  }

  private func expectSuccess(
    _ world: JobWorld, _ id: JobID, files: Int64,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let record = world.stored(id)
    #expect(record?.state == .succeeded, sourceLocation: sourceLocation)
    #expect(
      record?.totals.ledger.loaded == FileCount(files: files, bytes: 10 * files),
      sourceLocation: sourceLocation)
    #expect(record?.totals.ledger.listed.files == files, sourceLocation: sourceLocation)
    #expect(world.problems.isEmpty, "\(world.problems)", sourceLocation: sourceLocation)
  }

  @Test("undisturbed, a job is not verified")
  func undisturbed() {
    let (world, id) = world(files: 40)
    run(world)
    expectSuccess(world, id, files: 40)
    #expect(verifications(world) == [])
    #expect(world.files["s3://b/d"]?.allSatisfy { $0.doneCount == 1 } == true)
  }

  @Test("what a worker loaded before it was started anew is loaded again")
  func startedAnew() {
    let (world, id) = world(files: 40)
    while world.stored(id)?.state != .succeeded, (world.caches.map(\.count).min() ?? 0) < 5 {
      world.work()
    }
    world.workers[0].incarnation += 1
    let lost = world.caches[0]
    world.caches[0] = []
    world.lose(0)
    world.rejoin(0)
    run(world)
    expectSuccess(world, id, files: 40)
    #expect(
      verifications(world) == ["worker-0:29999 was started anew after it had loaded files"])
    for file in world.files["s3://b/d"] ?? [] {
      let isLost = lost.contains("\(file.path)#0")
      #expect(file.doneCount >= (isLost ? 2 : 1), "\(file.path)")
    }
    #expect(world.stored(id)?.totals.verificationCount == 1)
  }

  @Test("what a worker that is lost had loaded is loaded onto another")
  func gone() {
    let (world, id) = world(files: 40)
    while (world.caches.map(\.count).min() ?? 0) < 5 { world.work() }
    world.lose(1)
    run(world)
    expectSuccess(world, id, files: 40)
    #expect(verifications(world) == ["worker-1:29999 is gone, which had loaded files"])
  }

  @Test("a worker that was silent and comes back as it was has lost nothing")
  func silent() {
    let (world, id) = world(files: 40)
    while (world.caches.map(\.count).min() ?? 0) < 5 { world.work() }
    world.lose(1)
    world.rejoin(1)
    run(world)
    expectSuccess(world, id, files: 40)
    #expect(verifications(world) == [])
  }

  @Test("a worker that is lost while the coordinator is away is missed after it")
  func lostMeanwhile() {
    let (world, id) = world(files: 40) { $0.returnTime = .seconds(7) }
    while (world.caches.map(\.count).min() ?? 0) < 5 { world.work() }
    world.write(count: .max)
    world.isLive[1] = false
    world.caches[1] = []
    world.crash()
    // The coordinator may have been told of it by chance of the seed; only worker 0 is there either way.
    if !world.isLive[0] { world.join(0) }
    run(world)
    expectSuccess(world, id, files: 40)
    #expect(!verifications(world).isEmpty)
  }

  @Test("a job whose workers are started anew again and again fails in the end, and says why")
  func endless() {
    let (world, id) = world(files: 10, workers: 1) { $0.verificationCountMax = 3 }
    var restartedIn = -1
    for _ in 0..<2000 where !world.core.running.isEmpty {
      world.write(count: .max)
      world.answerListing()
      world.work()
      if world.isIdle { world.pass(.seconds(1)) }
      // Once in each pass, when a part of it is done.
      let pass = verifications(world).count
      let hasResults = world.core.running.first?.reliance.incarnations.isEmpty == false
      if hasResults, restartedIn != pass {
        restartedIn = pass
        world.caches[0] = []
        world.workers[0].incarnation += 1
        world.rejoin(0)
      }
    }
    world.write(count: .max)
    let record = world.stored(id)
    #expect(record?.state == .failed)
    #expect(record?.failure?.hasPrefix("Verified 3 times, and again worker-0:29999") == true)
  }

  @Test("a reliance is read as it was written, and anything else is refused")
  func coding() {
    var checkpoint = JobCheckpoint()
    checkpoint.reliance.add(WorkerIdentity(high: 7, low: 8), 9)
    checkpoint.reliance.add(WorkerIdentity(high: 1, low: 2), 3)
    #expect(JobCheckpoint(decoding: checkpoint.encoded) == checkpoint)
    checkpoint.reliance.add(WorkerIdentity(high: 1, low: 2), 4)
    #expect(checkpoint.reliance.lost == WorkerIdentity(high: 1, low: 2))
    #expect(JobCheckpoint(decoding: checkpoint.encoded) == checkpoint)
    #expect(JobCheckpoint(decoding: Array(checkpoint.encoded.dropLast())) == nil)
  }
}
