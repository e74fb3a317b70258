// The registry of load jobs.

import Ring
import Synchronization
import Testing

@testable import WorkerDaemon

@Suite struct LoadJobsTests {
  private func jobs(_ source: FakeLoadSource, _ limits: LoadLimits = LoadLimits()) -> LoadJobs {
    LoadJobs(source: source, executors: [globalConcurrentExecutor], limits: limits)
  }

  @Test("a path has one run at a time; after its end a submit starts another with a new id")
  func runsOncePerPath() async throws {
    let source = FakeLoadSource()
    source.add("s3://b/d/f", length: 100)
    source.holdLoads()
    let jobs = jobs(source)
    guard case .submitted(let id) = jobs.submit(path: "s3://b/d", options: LoadOptions()) else {
      Issue.record("the first submit was refused")
      return
    }
    #expect(jobs.submit(path: "s3://b/d", options: LoadOptions()) == .alreadyRunning(id: id))
    source.release()
    let job = try #require(jobs.job(of: "s3://b/d"))
    await job.wait()
    #expect(job.phase == .succeeded)
    guard case .submitted(let next) = jobs.submit(path: "s3://b/d", options: LoadOptions()) else {
      Issue.record("the second submit was refused")
      return
    }
    #expect(next != id)
    #expect(id.utf8.count == 36)
    await jobs.stopAll()
  }

  @Test(
    "jobs above the limit wait for their turn, are shown as running, and are refused above the queue"
  )
  func waits() async throws {
    let source = FakeLoadSource()
    for name in ["a", "b", "c"] { source.add("s3://b/\(name)/f", length: 100) }
    source.holdLoads()
    var limits = LoadLimits()
    limits.runningCountMax = 1
    limits.waitingCountMax = 1
    let jobs = jobs(source, limits)
    guard case .submitted = jobs.submit(path: "s3://b/a", options: LoadOptions()),
      case .submitted = jobs.submit(path: "s3://b/b", options: LoadOptions())
    else {
      Issue.record("a submit was refused")
      return
    }
    #expect(jobs.submit(path: "s3://b/c", options: LoadOptions()) == .refused)
    let waiting = try #require(jobs.job(of: "s3://b/b"))
    #expect(waiting.phase == .waiting)
    #expect(waiting.report(verbose: false).state.clientWord == "RUNNING")
    source.release()
    let running = try #require(jobs.job(of: "s3://b/a"))
    await running.wait()
    while waiting.phase == .waiting { await Task.yield() }
    await waiting.wait()
    #expect(waiting.phase == .succeeded)
  }

  @Test("a job that is stopped while it waits never runs")
  func stopsWaiting() async throws {
    let source = FakeLoadSource()
    for name in ["a", "b"] { source.add("s3://b/\(name)/f", length: 100) }
    source.holdLoads()
    var limits = LoadLimits()
    limits.runningCountMax = 1
    let jobs = jobs(source, limits)
    _ = jobs.submit(path: "s3://b/a", options: LoadOptions())
    _ = jobs.submit(path: "s3://b/b", options: LoadOptions())
    #expect(jobs.stop(path: "s3://b/b"))
    #expect(!jobs.stop(path: "s3://b/b"))
    #expect(!jobs.stop(path: "s3://b/never"))
    source.release()
    await jobs.stopAll()
    #expect(jobs.job(of: "s3://b/b")?.phase == .stopped)
    #expect(source.state.withLock { $0.cached.count } <= 1)
    #expect(jobs.submit(path: "s3://b/a", options: LoadOptions()) == .refused)
  }

  @Test("a stop waits for a job that hangs as long as it is told to, and no longer")
  func hangs() async throws {
    let source = FakeLoadSource()
    source.add("s3://b/a/f", length: 100)
    source.holdLoads()
    let jobs = jobs(source)
    _ = jobs.submit(path: "s3://b/a", options: LoadOptions())
    while source.state.withLock({ $0.inFlight }) == 0 { await Task.yield() }
    let group = try ReactorGroup(count: 1, pinned: false)
    defer { group.stop() }
    let reactor = group.reactors[0]
    let isOver = await StopGate.wait(until: monotonicNow() + 50_000_000, on: reactor) {
      await jobs.stopAll()
    }
    #expect(!isOver, "its source has not answered")
    #expect(jobs.submit(path: "s3://b/c", options: LoadOptions()) == .refused)
    source.release()
    let isOverNow = await StopGate.wait(until: monotonicNow() + 60_000_000_000, on: reactor) {
      await jobs.stopAll()
    }
    #expect(isOverNow)
    #expect(jobs.job(of: "s3://b/a")?.phase == .stopped)
  }

  @Test("ended jobs are remembered up to a bound")
  func forgets() async throws {
    let source = FakeLoadSource()
    var limits = LoadLimits()
    limits.endedCountMax = 2
    let jobs = jobs(source, limits)
    for index in 0..<4 {
      source.add("s3://b/\(index)/f", length: 10)
      _ = jobs.submit(path: "s3://b/\(index)", options: LoadOptions())
      if let job = jobs.job(of: "s3://b/\(index)") { await job.wait() }
    }
    #expect(jobs.job(of: "s3://b/0") == nil)
    #expect(jobs.job(of: "s3://b/3") != nil)
  }
}
