// The test on a folder of this machine: it writes, reads, compares and leaves nothing.

import DaemonDriver
import Ring
import Model
import Testing
import UFS
import UFSIOTest

@Suite("The I/O test of an under file system")
struct UFSIOTestTests {
  @Test("it moves what it was told, and leaves the folder as it was")
  func wholeRun() async throws {
    let scratch = try ScratchDirectory("iotest")
    let outcome = try await run(plan(scratch))
    #expect(outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(outcome.points.filter { $0.direction == .read }.count == 3)
    #expect(outcome.points.filter { $0.direction == .write }.count == 3)
    #expect(outcome.points.allSatisfy { $0.bytes == size && $0.seconds > 0 })
    #expect(outcome.read?.latencies.count == 9, "two whole buffers and a rest for each stream")
    #expect(names(in: scratch.path).isEmpty)
  }

  @Test("a directory that was there stays, with what others have in it")
  func othersStay() async throws {
    let scratch = try ScratchDirectory("iotest")
    try makeDirectories(scratch.path("UfsIOTest"))
    try writeBytes([1], to: scratch.path("UfsIOTest/mine"))
    let outcome = try await run(plan(scratch))
    #expect(outcome.errors.isEmpty)
    #expect(names(in: scratch.path("UfsIOTest")) == ["mine"])
  }

  @Test("a changed byte is found, wherever it is")
  func changedByte() async throws {
    let scratch = try ScratchDirectory("iotest")
    var plan = plan(scratch)
    plan.mode = .write
    #expect(try await run(plan).errors.isEmpty)
    let file = scratch.path("UfsIOTest/io-benchmark-local-task-0-1")
    let good = try readBytes(file)
    plan.mode = .read
    #expect(try await run(plan).errors.isEmpty)
    for place in [0, 4095, 1 << 20, good.count - 1] {
      var bad = good
      bad[place] ^= 1
      try writeBytes(bad, to: file)
      let outcome = try await run(plan)
      #expect(outcome.errors.count == 1, "byte \(place)")
      guard case .wrongBytes(let path, let offset) = outcome.errors.first?.problem else {
        Issue.record("\(outcome.errors)")
        continue
      }
      #expect(path == "file://\(file)" && (offset..<(offset + 1 << 20)).contains(Int64(place)))
    }
    plan.verifies = false
    #expect(try await run(plan).errors.isEmpty)
    #expect(names(in: scratch.path("UfsIOTest")).count == 3, "reading leaves the files")
  }

  @Test("a file of another length is told as such")
  func otherLength() async throws {
    let scratch = try ScratchDirectory("iotest")
    var plan = plan(scratch)
    plan.mode = .write
    #expect(try await run(plan).errors.isEmpty)
    plan.mode = .read
    plan.size += 1
    let outcome = try await run(plan)
    #expect(outcome.errors.count == 3 && outcome.points.isEmpty)
    #expect(outcome.errors.first?.description.contains("--io-size") == true)
  }

  @Test("a test that reaches its time limit says so and leaves nothing")
  func timeLimit() async throws {
    let scratch = try ScratchDirectory("iotest")
    var plan = plan(scratch)
    plan.size = 1 << 40
    let outcome = try await run(plan, limit: .milliseconds(50))
    #expect(
      outcome.errors.contains { if case .stopped(.timeLimit) = $0.problem { true } else { false } })
    #expect(names(in: scratch.path).isEmpty)
  }

  @Test("the disk's own rate is measured in turns, and its files go, too")
  func ceiling() async throws {
    let scratch = try ScratchDirectory("iotest")
    var plan = plan(scratch)
    plan.measuresCeiling = true
    plan.roundCount = 2
    let outcome = try await run(plan)
    #expect(outcome.errors.isEmpty)
    #expect(outcome.contests.map(\.title) == ["write", "read"])
    for contest in outcome.contests {
      #expect(contest.turns.map(\.samples.count) == [2, 2], "\(contest.lines)")
    }
    #expect(names(in: scratch.path).isEmpty)
  }

  @Test("a folder that is not there is a problem of the mount, and is not made")
  func missingFolder() async throws {
    let scratch = try ScratchDirectory("iotest")
    var plan = plan(scratch)
    plan.path = scratch.path("nothing")
    let outcome = try await run(plan)
    #expect(outcome.errors.first?.description.contains("does not exist") == true)
    #expect(names(in: scratch.path).isEmpty)
  }

  @Test("listing counts every file and directory below the path")
  func listing() async throws {
    let scratch = try ScratchDirectory("iotest")
    for number in 0..<120 {
      try makeDirectories(scratch.path("d\(number % 7)"))
      try writeBytes([1, 2, 3], to: scratch.path("d\(number % 7)/f\(number)"))
    }
    let pool = try BlockingPool(name: "test", threads: 1)
    let path = scratch.path
    let result = await pool.run { try? UFSIOTest(UFSIOTestPlan(path: path)).list() }
    pool.stop()
    #expect(result?.files == 120 && result?.directories == 7 && result?.bytes == 360)
    #expect(result?.error == nil && (result?.residentMax ?? 0) > 0)
  }

  @Test("a test that is stopped makes no more streams")
  func stoppedEarly() async throws {
    let scratch = try ScratchDirectory("ufs-io-stop")
    var plan = plan(scratch)
    plan.streamCount = UFSIOTestCommand.threadCountMax
    let outcome = try await run(plan, limit: .zero)
    #expect(outcome.points.isEmpty && outcome.errors.count == 1, "\(outcome.errors.count)")
    #expect(outcome.errors.first.map { "\($0)" } == "stopped by --bench-timeout")
  }

  private let size: Int64 = 2 << 20 | 12_345

  private func plan(_ scratch: ScratchDirectory) -> UFSIOTestPlan {
    var plan = UFSIOTestPlan(path: scratch.path)
    plan.size = size
    plan.streamCount = 3
    return plan
  }

  /// Runs the test on a thread that may block.
  private func run(
    _ plan: UFSIOTestPlan, limit: Duration = .seconds(60)
  ) async throws -> UFSIOTest.Outcome {
    let pool = try BlockingPool(name: "test", threads: 1)
    let outcome = await pool.run { () -> UFSIOTest.Outcome in
      do throws(UFSIOTestError) {
        return try UFSIOTest(plan, stop: StopFlag(after: limit)).run()
      } catch {
        return UFSIOTest.Outcome(errors: [error])
      }
    }
    pool.stop()
    return outcome
  }
}
