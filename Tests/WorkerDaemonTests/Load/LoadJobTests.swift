// Whole load jobs against a fake worker.

import DaemonDriver
import Model
import Synchronization
import Testing
import WorkerDaemon

@Suite struct LoadJobTests {
  private func run(
    _ source: FakeLoadSource, path: String = "s3://b/d", options: LoadOptions = LoadOptions(),
    limits: LoadLimits = LoadLimits()
  ) async -> LoadJob {
    let job = LoadJob(path: path, id: "1", options: options, limits: limits, source: source)
    await job.run(on: [globalConcurrentExecutor])
    return job
  }

  private func tree(_ count: Int, length: Int64 = 1050, capacity: Int64 = .max) -> FakeLoadSource {
    let source = FakeLoadSource(capacity: capacity)
    for index in 0..<count { source.add("s3://b/d/\(index % 7)/f\(index)", length: length) }
    return source
  }

  private static let small: LoadLimits = {
    var limits = LoadLimits()
    limits.concurrency = 4
    limits.rangeBytes = 300
    limits.attemptCountMax = 3
    return limits
  }()

  @Test("a job that loads everything succeeds with every byte cached and the books balanced")
  func succeeds() async {
    let source = tree(40)
    source.add("s3://b/d/empty", length: 0)
    let job = await run(source, limits: Self.small)
    let report = job.report(verbose: true)
    #expect(report.state == .succeeded)
    #expect(report.ledger.loaded == LoadCount(files: 41, bytes: 42_000))
    #expect(report.ledger.listed == report.ledger.loaded)
    #expect(report.ledger.isBalanced)
    #expect(report.isListed)
    #expect(source.state.withLock { $0.cached.values.reduce(0, +) } == 42_000)
    #expect(source.state.withLock { $0.inFlightMax } <= 4)
  }

  @Test("a single file is a job of one file")
  func loadsOneFile() async {
    let source = tree(3)
    let job = await run(source, path: "s3://b/d/1/f1")
    #expect(job.report(verbose: false).ledger.loaded == LoadCount(files: 1, bytes: 1050))
    #expect(job.phase == .succeeded)
  }

  @Test("data larger than the cache fails the job and says why, however well each fill went")
  func failsWhenTheCacheIsTooSmall() async {
    let source = tree(20, length: 1000, capacity: 8000)
    let job = await run(source, limits: Self.small)
    let report = job.report(verbose: false)
    #expect(report.state == .failed)
    #expect(report.ledger.isBalanced)
    #expect(report.ledger.failed.bytes == 12_000)
    #expect(report.ledger.loaded.bytes == 8000)
    #expect(report.failure?.contains("does not fit the cache") == true)
    #expect(job.failedFiles.allSatisfy { $0.subject.hasPrefix("s3://b/d/") })
    #expect(Int64(job.failedFiles.count) == report.ledger.failed.files)
  }

  @Test("a failure that may pass is tried again after the advised time, doubled each time")
  func retries() async {
    let source = tree(1)
    source.script(
      "s3://b/d/0/f0",
      [.fail(LoadFailure(reason: "busy", retryAfter: .milliseconds(100))), .reject])
    let job = await run(source)
    let ledger = job.report(verbose: false).ledger
    #expect(job.phase == .succeeded)
    #expect(ledger.retriedSubtasks == 2)
    #expect(ledger.failedSubtasks == 0)
    #expect(source.state.withLock { $0.paused } == .milliseconds(300))
  }

  @Test("a file given up is counted and named; the others are loaded; the job is failed")
  func countsFailures() async {
    let source = tree(10)
    source.script("s3://b/d/3/f3", [.fail(LoadFailure(reason: "broken disk"))])
    let job = await run(source, limits: Self.small)
    let report = job.report(verbose: true)
    #expect(report.state == .failed)
    #expect(report.ledger.failed.files == 1)
    #expect(report.ledger.loaded.files == 9)
    #expect(report.ledger.isBalanced)
    #expect(job.failedFiles == [LoadIncident(subject: "s3://b/d/3/f3", reason: "broken disk")])
    #expect(report.failure?.contains("broken disk") == true)
    #expect(report.recentFailures.contains { $0.reason == "broken disk" })
  }

  @Test("what is cached of a range is in the books at once, and once, however its attempts end")
  func partialRanges() async {
    let source = tree(3)
    let outage = LoadFailure(reason: "outage", retryAfter: .milliseconds(100))
    source.script("s3://b/d/0/f0", [.partial(200, outage), .partial(100, outage)])
    source.script("s3://b/d/1/f1", [.partial(300, LoadFailure(.changed, reason: "changed"))])
    source.script("s3://b/d/2/f2", [.partial(150, LoadFailure(reason: "denied"))])
    let job = await run(source)
    let ledger = job.report(verbose: false).ledger
    #expect(ledger.isBalanced)
    #expect(ledger.loaded == LoadCount(files: 2, bytes: 2250))
    #expect(ledger.failed == LoadCount(files: 1, bytes: 900))
    #expect(ledger.listed == LoadCount(files: 3, bytes: 3150))
  }

  @Test("an outage is waited out far beyond the attempts at a file, and not for ever")
  func outages() async {
    let source = tree(1, length: 100)
    var outage = LoadFailure(reason: "503", retryAfter: .milliseconds(100))
    outage.isOutage = true
    source.script("s3://b/d/0/f0", Array(repeating: .fail(outage), count: 40))
    #expect(await run(source, limits: Self.small).phase == .succeeded)
    #expect(source.state.withLock { $0.paused } < .seconds(160))
    let dead = tree(1, length: 100)
    dead.script("s3://b/d/0/f0", Array(repeating: .fail(outage), count: 10_000))
    let job = await run(dead, limits: Self.small)
    #expect(job.phase == .failed)
    #expect(dead.state.withLock { $0.paused } < .seconds(620))
    #expect(job.failedFiles == [LoadIncident(subject: "s3://b/d/0/f0", reason: "503")])
  }

  @Test("a failure that never passes ends after a bounded number of attempts")
  func boundsAttempts() async {
    let source = tree(1, length: 100)
    source.script("s3://b/d/0/f0", Array(repeating: .reject, count: 100))
    let job = await run(source, limits: Self.small)
    #expect(job.phase == .failed)
    #expect(source.state.withLock { $0.loadCount } == 3)
  }

  @Test("a file that changes on the way is loaded at its new version, and the totals follow")
  func followsChanges() async {
    let source = tree(2)
    source.script("s3://b/d/0/f0", [.change(length: 2000)])
    let job = await run(source, limits: Self.small)
    let report = job.report(verbose: false)
    #expect(report.state == .succeeded)
    #expect(report.ledger.listed == LoadCount(files: 2, bytes: 3050))
    #expect(report.ledger.loaded == report.ledger.listed)
    #expect(report.ledger.isBalanced)
  }

  @Test("a file that keeps changing fails in the end")
  func givesUpOnRestlessFiles() async {
    let source = tree(1, length: 100)
    source.script("s3://b/d/0/f0", (0..<50).map { .change(length: Int64(100 + $0)) })
    let job = await run(source)
    let report = job.report(verbose: false)
    #expect(report.state == .failed)
    #expect(report.failure?.contains("keeps changing") == true)
    #expect(report.ledger.isBalanced)
  }

  @Test("skip-if-exists leaves wholly cached files alone and counts them as skipped")
  func skips() async {
    let source = tree(6)
    _ = await run(source, path: "s3://b/d/0/f0")
    let before = source.state.withLock { $0.loadCount }
    var options = LoadOptions()
    options.skipIfExists = true
    let job = await run(source, options: options)
    let ledger = job.report(verbose: false).ledger
    #expect(ledger.skipped == LoadCount(files: 1, bytes: 1050))
    #expect(ledger.loaded == LoadCount(files: 5, bytes: 5250))
    #expect(job.phase == .succeeded)
    #expect(source.state.withLock { $0.loadCount } - before == 5)
  }

  @Test("the filter keeps files whose name matches wholly")
  func filters() async {
    let source = tree(0)
    for name in ["a.csv", "b.csv.gz", "c.txt", "x/d.csv"] {
      source.add("s3://b/d/\(name)", length: 10)
    }
    var options = LoadOptions()
    options.fileFilter = #".*\.csv"#
    let job = await run(source, options: options)
    #expect(job.report(verbose: false).ledger.listed.files == 2)
    #expect(job.phase == .succeeded)
  }

  @Test("a metadata-only job asks for no pages")
  func loadsMetadata() async {
    let source = tree(5)
    var options = LoadOptions()
    options.metadataOnly = true
    let job = await run(source, options: options)
    #expect(job.report(verbose: false).ledger.loaded == LoadCount(files: 5, bytes: 0))
    #expect(job.phase == .succeeded)
    #expect(source.state.withLock { $0.loadCount } == 0)
  }

  @Test("verification loads what is new or missing, and only that")
  func verifies() async {
    let source = tree(4, length: 100)
    let added = Mutex(false)
    source.state.withLock { state in
      state.onLoad = { [weak source] count in
        // After the last file of the first pass: one page is lost and one file appears.
        guard count == 4, let source else { return }
        let isFirst = added.withLock { flag in
          defer { flag = true }
          return !flag
        }
        guard isFirst else { return }
        source.add("s3://b/d/new", length: 100)
        source.state.withLock { state in
          if let key = state.order.first { state.cached[key] = nil }
        }
      }
    }
    var options = LoadOptions()
    options.verify = true
    var limits = LoadLimits()
    limits.concurrency = 1
    let job = await run(source, options: options, limits: limits)
    let report = job.report(verbose: false)
    #expect(report.state == .succeeded)
    #expect(report.ledger.listed == LoadCount(files: 5, bytes: 500))
    #expect(report.ledger.loaded == report.ledger.listed)
    #expect(report.ledger.isBalanced)
    #expect(source.state.withLock { $0.loadCount } == 6)
  }

  @Test("a listing that fails fails the job, and is tried again while nothing was listed")
  func failsOnListing() async {
    let source = tree(3)
    source.state.withLock {
      $0.listingFailures = [LoadFailure(reason: "busy", retryAfter: .milliseconds(10))]
    }
    let retried = await run(source)
    #expect(retried.phase == .succeeded)
    source.state.withLock { $0.listingFailures = [LoadFailure(reason: "denied")] }
    let failed = await run(source)
    #expect(failed.phase == .failed)
    #expect(failed.report(verbose: false).failure == "listing s3://b/d failed: denied")
    let missing = await run(source, path: "s3://b/nothing")
    #expect(missing.phase == .failed)
  }

  @Test("a bandwidth is kept: the bytes of a job take their time")
  func keepsBandwidth() async {
    let source = tree(10, length: 1000)
    var options = LoadOptions()
    options.bandwidth = 1000
    let start = source.now
    let job = await run(source, options: options, limits: Self.small)
    #expect(job.phase == .succeeded)
    // 10,000 bytes at 1,000 a second: the last range may start no earlier than at 9.8 s of the job's clock.
    #expect(source.now - start >= 9_700_000_000)
  }

  @Test("a stopped job ends soon, keeps balanced books and leaves nothing running")
  func stops() async throws {
    let source = tree(50)
    source.holdLoads()
    let started = AsyncStream<Void>.makeStream()
    source.state.withLock { $0.onLoad = { _ in started.continuation.yield() } }
    let job = LoadJob(
      path: "s3://b/d", id: "1", options: LoadOptions(), limits: Self.small, source: source)
    let task = Task { await job.run(on: [globalConcurrentExecutor]) }
    job.attach(task)
    var events = started.stream.makeAsyncIterator()
    for _ in 0..<4 { await events.next() }
    #expect(job.stop())
    #expect(!job.stop())
    #expect(job.phase == .stopped)
    source.release()
    await job.wait()
    let report = job.report(verbose: true)
    #expect(report.state == .stopped)
    #expect(report.ledger.isBalanced)
    #expect(report.ledger.pending.files > 0)
    #expect(source.state.withLock { $0.inFlight } == 0)
  }

  @Test("the books balance at every instant of jobs with random trees, failures and changes")
  func balancesAlways() async {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    for round in 0..<30 {
      let source = FakeLoadSource(
        capacity: Bool.random(using: &random)
          ? .max : Int64.random(in: 500...20_000, using: &random),
        batchSize: Int.random(in: 1...5, using: &random))
      for index in 0..<Int.random(in: 1...30, using: &random) {
        let path = "s3://b/d/\(index)"
        source.add(path, length: Int64.random(in: 0...2000, using: &random))
        source.script(path, steps(&random))
      }
      var options = LoadOptions()
      options.verify = Bool.random(using: &random)
      options.skipIfExists = Bool.random(using: &random)
      let job = LoadJob(
        path: "s3://b/d", id: "1", options: options, limits: Self.small, source: source)
      source.state.withLock { state in
        state.onLoad = { _ in
          #expect(job.report(verbose: true).ledger.isBalanced, "SEED=\(seed) round \(round)")
        }
      }
      await job.run(on: [globalConcurrentExecutor])
      let report = job.report(verbose: true)
      #expect(report.state.isTerminal, "SEED=\(seed) round \(round)")
      #expect(report.ledger.isBalanced, "SEED=\(seed) round \(round)")
      #expect(report.ledger.pending == LoadCount(), "SEED=\(seed) round \(round)")
      if report.state == .succeeded {
        let missing = source.state.withLock { $0.files.values }.filter {
          source.residentBytes(of: FakeLoadSource.key($0)) != $0.length
        }
        #expect(missing.isEmpty, "SEED=\(seed) round \(round)")
        #expect(report.ledger.failed == LoadCount(), "SEED=\(seed) round \(round)")
      } else {
        #expect(report.ledger.failed.files > 0, "SEED=\(seed) round \(round)")
      }
    }
  }

  private func steps(_ random: inout SeededRandom) -> [FakeLoadSource.Step] {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: [.fail(LoadFailure(reason: "broken"))]
    case 1: [.fail(LoadFailure(reason: "busy", retryAfter: .milliseconds(1))), .reject]
    case 2: [.change(length: Int64.random(in: 0...3000, using: &random))]
    case 3: Array(repeating: .reject, count: 10)
    default: []
    }
  }

  @Test(
    "a directory that cannot be listed is a failed file by name, once, and the rest is loaded",
    arguments: [false, true])
  func refusedDirectory(verifies: Bool) async {
    let source = tree(5)
    source.state.withLock {
      $0.refusals = [LoadIncident(subject: "s3://b/d/lost+found", reason: "listing failed: no")]
    }
    var options = LoadOptions()
    options.verify = verifies
    let job = await run(source, options: options)
    let report = job.report(verbose: false)
    #expect(report.state == .failed)
    #expect(report.ledger.failed.files == 1 && report.ledger.loaded.files == 5)
    #expect(report.ledger.isBalanced)
    #expect(job.failedFiles.map(\.subject) == ["s3://b/d/lost+found"])
  }

  @Test("what a listing leaves out is told in the report, with the store's own reasons, once")
  func leftOut() async {
    let source = tree(2)
    source.state.withLock { $0.leftOutCount = 3 }
    var options = LoadOptions()
    options.verify = true
    let job = await run(source, options: options)
    let report = job.report(verbose: false)
    #expect(report.state == .succeeded && report.leftOutCount == 3)
    #expect(report.text.contains("\tEntries Left Out: 3 (keys that no path can name: with '//'"))
    #expect(String(decoding: report.json, as: UTF8.self).contains("\"mLeftOutCount\":3"))
    let local = LoadJob(
      path: "/d", id: "2", options: options, limits: LoadLimits(), source: source)
    #expect(local.report(verbose: false).leftOutReason.contains("special files"))
  }
}
