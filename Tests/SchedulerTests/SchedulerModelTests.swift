// Thousands of seeded lives of a coordinator: crashes, lost workers, late and double answers, full disks.

import DaemonDriver
import Model
import Testing

@testable import Scheduler

@Suite struct SchedulerModelTests {
  private static let natures: [FileNature] = [
    .good, .good, .good, .good, .good, .good, .good, .good, .gone, .absent, .poisoned, .flaky(1),
    .flaky(3),
    .hangs, .changed(77), .resident,
  ]

  private static func isBad(_ nature: FileNature) -> Bool {
    nature == .gone || nature == .poisoned || nature == .absent
  }

  /// One life: jobs over random files, random steps, then calm until every job has ended.
  private func live(seed: UInt64) -> JobWorld {
    var draw = SeededRandom(seed: seed &+ 1)
    var limits = SchedulerLimits()
    limits.batchSize = 1 + draw.below(8)
    limits.listingPageSize = 1 + draw.below(12)
    limits.jobWindow = 2 * limits.listingPageSize + draw.below(40)
    limits.totalWindow = limits.jobWindow + draw.below(40)
    limits.runningJobCountMax = 1 + draw.below(3)
    limits.pieceSize = draw.below(3) == 0 ? 40 : 0
    limits.attemptCountMax = 5
    limits.faultCountMax = 1000
    limits.stallTime = .seconds(20)
    limits.verificationCountMax = 1000
    limits.reloadCountMax = 1000
    let world = JobWorld(seed: seed, workerCount: 1 + draw.below(4), limits: limits)
    world.judgesCaches = true
    world.holdsAudits = true
    for number in 0..<(1 + draw.below(4)) {
      let root = "s3://b/\(number)"
      let isClean = draw.below(2) == 0
      world.files[root] = (0..<draw.below(60)).map { place in
        let nature = Self.natures[draw.below(Self.natures.count)]
        let length = Int64(draw.below(100))
        return WorldFile(
          path: "\(root)/f\(place)", length: nature == .absent && !isClean ? 0 : length,
          nature: isClean && Self.isBad(nature) ? .good : nature)
      }
      var options = JobOptions()
      options.replicas = draw.below(3) == 0 ? 2 : 1
      options.verify = draw.below(3) == 0
      options.priority = Int32(draw.below(3))
      options.partialListing = draw.below(2) == 0
      guard draw.below(4) == 0 else {
        _ = world.submit(JobSpecification(.load, .paths([root]), options: options))
        continue
      }
      (options.replicas, options.verify) = (1, false)
      let target = JobTarget.transfer(source: root, destination: "\(root)-moved")
      _ = world.submit(JobSpecification(.move, target, options: options))
    }
    let isStormy = draw.below(4) != 0
    for _ in 0..<(100 + draw.below(300)) { step(world, &draw, isStormy: isStormy) }
    calm(world)
    return world
  }

  private func step(_ world: JobWorld, _ draw: inout SeededRandom, isStormy: Bool) {
    switch draw.below(100) {
    case 0..<25: world.write(count: 1 + draw.below(4))
    case 25..<40: world.answerListing()
    case 40..<43: world.answerCount()
    case 43..<75: world.work()
    case 75..<80: world.answerLate()
    case 80..<86: world.pass(.milliseconds(50))
    case 86..<90: world.pass(.seconds(5))
    case 90..<92: world.join(draw.below(world.workers.count))
    case 92: world.rejoin(draw.below(world.workers.count))
    case 93..<95 where isStormy: world.lose(draw.below(world.workers.count))
    case 95..<98 where isStormy: world.crash()
    case 98 where isStormy: world.failWrites()
    case 99: world.leave(draw.below(world.workers.count))
    default: world.pass(.milliseconds(200))
    }
  }

  /// Nothing goes wrong any more: everything must end.
  private func calm(_ world: JobWorld) {
    for place in world.workers.indices where !world.isLive[place] { world.join(place) }
    for _ in 0..<20_000 {
      if world.core.running.isEmpty, world.core.waiting.isEmpty, world.isIdle { return }
      world.write(count: .max)
      world.answerListing()
      world.answerCount()
      world.work()
      world.answerLate()
      if world.lists.isEmpty { world.pass(.seconds(1)) }
    }
    world.problems.append("jobs do not end: \(world.core.running.map(\.record))")
  }

  /// What must be true in the end.
  private func judge(_ world: JobWorld) {
    for id in world.acknowledged {
      guard let record = world.stored(id) else { continue }
      let all = world.files[world.root(of: record.specification)] ?? []
      let bad = all.filter { Self.isBad($0.nature) }
      // Fewer workers than replicas when the pass ended: the job says so.
      let isShort =
        record.specification.options.replicas > 1
        && record.failure?.contains("replicas of each file need more than") == true
      let ledger = record.totals.ledger
      func expect(_ condition: Bool, _ what: String) {
        if !condition { world.problems.append("\(id) \(record.state.word) \(what): \(ledger)") }
      }
      expect(
        record.state == (bad.isEmpty && !isShort ? .succeeded : .failed), "has the wrong state")
      expect(ledger.inFlight == FileCount(), "has files in flight")
      expect(ledger.listed.files == Int64(all.count), "does not list \(all.count) files")
      expect(ledger.failed.files == Int64(bad.count), "does not fail \(bad.count) files")
      expect(
        ledger.failed.bytes == bad.reduce(0) { $0 + $1.length }, "has the wrong failed bytes")
      let resident = all.filter { $0.nature == .resident }
      if !record.specification.options.verify {
        expect(ledger.skipped.files == Int64(resident.count), "skips not \(resident.count)")
      }
      let failed = Set(world.failures(of: id).map(\.path))
      expect(failed == Set(bad.map(\.path)), "lists as failed \(failed.sorted())")
      for file in all where !bad.contains(where: { $0.path == file.path }) {
        expect(file.doneCount > 0 || file.nature == .resident, "never did \(file.path)")
      }
    }
  }

  @Test("whatever happens, every job ends, and its counts are exact", arguments: 0..<16)
  func lives(part: Int) {
    let base = SeededRandom.seed()
    for number in 0..<12 {
      let seed = base &+ UInt64(part * 1000 + number)
      let world = live(seed: seed)
      judge(world)
      guard world.problems.isEmpty else {
        Issue.record("SEED=\(seed &- UInt64(part * 1000)): \(world.problems.prefix(5))")
        return
      }
    }
  }

  @Test("one seed gives one life")
  func determinism() {
    let (first, second) = (live(seed: 7), live(seed: 7))
    #expect(first.notes == second.notes)
    #expect(first.ended == second.ended)
    #expect(first.core.metrics == second.core.metrics)
  }

  @Test("the oracle sees a core that counts an answer twice")
  func canary() {
    let world = live(seed: 3)
    world.problems = []
    guard let id = world.acknowledged.first, var record = world.stored(id) else {
      Issue.record("no job")
      return
    }
    record.totals.ledger.add(loaded: FileCount(files: 1))
    for change in StoreWrite.update(record).changes { world.table.apply(change) }
    judge(world)
    #expect(!world.problems.isEmpty)
  }
}
