// SUCCEEDED is true only if what was loaded did not leave the cache while the job ran.

import Membership
import Model
import Testing

@testable import Scheduler

@Suite struct JobAuditTests {
  private func world(
    files: Int = 20, workers: Int = 2, _ change: (inout SchedulerLimits) -> Void = { _ in },
    options: JobOptions = JobOptions()
  ) -> (world: JobWorld, job: JobID) {
    JobWorld.loading(files: files, workers: workers, options: options, change)
  }

  /// Goes on to the job's end; `look` may change the world between two steps.
  private func run(_ world: JobWorld, _ look: (JobWorld) -> Void = { _ in }) {
    for _ in 0..<4000 {
      if world.core.running.isEmpty { return }
      look(world)
      world.write(count: .max)
      world.answerListing()
      world.work()
      if world.isIdle { world.pass(.seconds(1)) }
    }
  }

  private func reasons(_ world: JobWorld) -> [String] {
    world.notes.compactMap {
      if case .jobVerifies(_, _, let reason) = $0 { reason } else { nil }
    }
  }

  @Test("while nothing leaves the cache, a job asks each of its workers once and lists once")
  func quiet() {
    let (world, id) = world()
    world.holdsAudits = true
    var audits: Set<UInt64> = []
    run(world) {
      for (number, task) in $0.tasks where task.request.action == .audit { audits.insert(number) }
    }
    #expect(world.stored(id)?.state == .succeeded)
    #expect(audits.count == 2 && reasons(world) == [])
    #expect(world.files["s3://b/d"]?.allSatisfy { $0.doneCount == 1 } == true)
    #expect(world.core.workers.allSatisfy { $0.taskCount == 0 })
  }

  @Test("a file that leaves the cache while the job runs is loaded again, and only that")
  func reloaded() {
    let (world, id) = world()
    var lost: String?
    run(world) { world in
      guard lost == nil, let key = world.caches[0].sorted().first else { return }
      lost = key
      world.caches[0].remove(key)
    }
    let record = world.stored(id)
    #expect(record?.state == .succeeded && world.problems.isEmpty, "\(world.problems)")
    #expect(record?.totals.ledger.loaded == FileCount(files: 20, bytes: 200))
    #expect(reasons(world) == ["1 files (10B) left the cache while the job ran"])
    for file in world.files["s3://b/d"] ?? [] {
      #expect(file.doneCount == ("\(file.path)#0" == lost ? 2 : 1), "\(file.path)")
    }
  }

  @Test("a job whose files leave again and again fails, and names exactly those that are gone")
  func hopeless() {
    let (world, id) = world(workers: 1) { $0.reloadCountMax = 2 }
    let victim = "s3://b/d/f7#0"
    run(world) { world in
      if world.core.running.first?.audit == nil { world.caches[0].remove(victim) }
    }
    let record = world.stored(id)
    #expect(record?.state == .failed)
    #expect(
      record?.failure
        == "1 files (10B) left the cache while the job ran: the data does not fit the cache, or is"
        + " freed by somebody else.")
    #expect(record?.totals.ledger.failed == FileCount(files: 1, bytes: 10))
    #expect(record?.totals.ledger.listed == FileCount(files: 20, bytes: 200))
    #expect(world.failures(of: id).map(\.path) == ["s3://b/d/f7"])
    // Two passes that load again, and one that only looks.
    #expect(record?.totals.verificationCount == 3)
  }

  @Test("a job that could never be in the cache at once is not loaded again")
  func tooLarge() {
    let (world, id) = world(workers: 1)
    world.holdsAudits = true
    run(world) { world in
      guard let (number, task) = world.tasks.first(where: { $0.value.request.action == .audit })
      else { return }
      world.tasks[number] = nil
      world.caches[0].remove("s3://b/d/f3#0")
      let outcome = FileOutcome.missing(FileCount(files: 1, bytes: 10), fits: false)
      world.handle(.taskEnded(task.request.id, [FileResult(0, outcome)], .done))
    }
    let record = world.stored(id)
    #expect(record?.state == .failed && record?.totals.verificationCount == 1)
    #expect(record?.totals.ledger.failed.files == 1)
    #expect(world.files["s3://b/d"]?.allSatisfy { $0.doneCount == 1 } == true)
  }

  @Test(
    "a worker that is lost while it is asked, or refuses, is asked again or verified without it")
  func broken() {
    let (world, id) = world()
    world.holdsAudits = true
    var count = 0
    run(world) { world in
      guard count < 3,
        let (number, task) = world.tasks.first(where: { $0.value.request.action == .audit })
      else { return }
      count += 1
      world.tasks[number] = nil
      switch count {
      case 1: world.handle(.taskEnded(task.request.id, [], .refused))
      case 2: world.handle(.taskEnded(task.request.id, [], .failed(.workerRPCFailed, "reset")))
      default:
        let place = world.workers.firstIndex { $0.identity == task.request.worker } ?? 0
        world.lose(place)
      }
    }
    #expect(count == 3 && world.stored(id)?.state == .succeeded)
    #expect(world.problems.isEmpty, "\(world.problems)")
    #expect(reasons(world).allSatisfy { $0.hasSuffix("is gone, which had loaded files") })
    #expect(reasons(world).count == 1)
  }

  @Test("what a worker cannot say is looked at once more; found there, it holds")
  func doubt() {
    let (world, id) = world(workers: 1)
    world.holdsAudits = true
    run(world) { world in
      guard let (number, task) = world.tasks.first(where: { $0.value.request.action == .audit })
      else { return }
      world.tasks[number] = nil
      let outcome = FileOutcome.failed(FileFailure(.worker, "not everything is remembered"))
      world.handle(.taskEnded(task.request.id, [FileResult(0, outcome)], .done))
    }
    #expect(world.stored(id)?.state == .succeeded)
    #expect(reasons(world) == ["worker-0:29999: not everything is remembered"])
  }
}
