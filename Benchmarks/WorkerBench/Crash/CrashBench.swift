// Kills a worker and starts it again, over and over.
//
//   start ─▶ [load ─▶ SIGKILL ─▶ some files change ─▶ start: ready? quotas? ─▶ restored: quotas? hits?] × rounds ─▶ read all
//
// A kill during a start is one of a second start on the same directories, whatever state the first one left them in.

import BenchSupport
import DaemonDriver
import Glibc

/// The state of a running bench.
struct CrashBench {
  /// Files that change while no worker runs, at most.
  private static let changeCountMax = 3
  private static let waitLimit = Duration.seconds(20)
  /// Bytes on the disks from which on none may be lost altogether.
  private static let survivingBytes = 8 << 20

  private let daemon: String
  private let readyLimit: Double
  private let scratch: ScratchDirectory
  private let data: CrashData
  private let tally = CrashTally()
  private var generator: SampleGenerator
  private var worker: CrashWorker
  private var readyTime: Duration
  /// What came of it so far.
  private(set) var report: CrashReport

  /// Makes the files below `folder` (TMPDIR when nil) and starts the first worker.
  init(daemon: String, folder: String?, seed: UInt64, fileCount: Int, readyLimit: Double)
    throws(DriverError)
  {
    self.daemon = daemon
    self.readyLimit = readyLimit
    generator = SampleGenerator(seed: seed)
    report = CrashReport(seed: seed)
    scratch = try ScratchDirectory("crash", in: folder)
    data = try CrashData(count: fileCount, seed: seed, in: scratch.path)
    worker = try CrashWorker(
      daemon, data: data, base: scratch.path, CrashWorker.Variant(&generator))
    readyTime = try worker.waitUntilReady(Self.waitLimit)
    _ = try worker.waitUntilRestored(Self.waitLimit)
  }

  /// Bytes of the files.
  var size: Int { data.size }

  /// Kills the worker `rounds` times and reads every file at the end.
  mutating func run(rounds: Int, progress: (CrashRound) -> Void) {
    do throws(DriverError) {
      for _ in 0..<rounds {
        let round = try playRound()
        report.rounds.append(round)
        progress(round)
      }
      var reader = CrashReader(data: data, port: worker.ports.object)
      for file in 0..<data.count { tally.count(reader.read(file)) }
    } catch {
      report.failure = "\(error)"
    }
    worker.kill()
    report.sums = tally.sums
  }

  private mutating func playRound() throws(DriverError) -> CrashRound {
    let instant = CrashInstant(&generator, readyTime: readyTime)
    var round = CrashRound(
      instant: instant, before: Self.bytesOnDisks(try worker.fullness()))
    let isStarting = instant.kind == .starting
    if isStarting {
      worker.kill()
      try startWorker()
    }
    let load = CrashLoad(
      data, ports: worker.ports, tally: tally, seed: generator.next(),
      isPressure: instant.kind == .pressure, isStarting: isStarting)
    try load.run(for: instant.delay) { worker.kill() }
    for _ in 0..<Int.random(in: 0...Self.changeCountMax, using: &generator) {
      try data.overwrite(Int.random(in: 0..<data.count, using: &generator))
    }
    try startWorker()
    try measure(&round)
    return round
  }

  private mutating func startWorker() throws(DriverError) {
    worker = try CrashWorker(
      daemon, data: data, base: scratch.path, CrashWorker.Variant(&generator))
  }

  /// Watches the worker come up, and reads from it.
  private mutating func measure(_ round: inout CrashRound) throws(DriverError) {
    round.policy = "\(worker.variant.policy), verify \(worker.variant.verify)"
    readyTime = try worker.waitUntilReady(Self.waitLimit)
    round.ready = seconds(readyTime)
    if round.ready > readyLimit {
      round.problems.append("ready after \(fixed(round.ready, 2)) s")
    }
    check(try worker.fullness(), &round)
    round.restored = seconds(try worker.waitUntilRestored(Self.waitLimit))
    let fullness = try worker.fullness()
    check(fullness, &round)
    round.after = Self.bytesOnDisks(fullness)
    let before = try counters()
    var reader = CrashReader(data: data, port: worker.ports.object)
    for file in 0..<data.count {
      let length = data.length(of: file, data.current(of: file).lowerBound)
      let start = Int.random(in: 0..<length, using: &generator)
      tally.count(reader.read(file, start..<min(length, start + 128 << 10)))
    }
    round.hitRatio = try counters().hitRatio(since: before)
    if round.before >= Self.survivingBytes, round.after == 0 || round.hitRatio <= 0 {
      round.problems.append(
        "of \(sizeText(round.before)) on disks \(sizeText(round.after)) are left,"
          + " hit ratio \(fixed(round.hitRatio, 2)): \(worker.logText)")
    }
    check(try worker.fullness(), &round)
  }

  private func counters() throws(DriverError) -> CacheCounters {
    do { return try CacheCounters(port: worker.ports.web) } catch {
      throw .program("/metrics: \(error)")
    }
  }

  private func check(_ tiers: [CrashWorker.Fullness], _ round: inout CrashRound) {
    for tier in tiers {
      round.fullest = max(round.fullest, Double(tier.used) / Double(tier.quota))
      if tier.used > tier.quota {
        round.problems.append("\(tier.tier) uses \(tier.used) of \(tier.quota) bytes")
      }
    }
  }

  private static func bytesOnDisks(_ tiers: [CrashWorker.Fullness]) -> Int {
    tiers.reduce(0) { $0 + ($1.tier == "MEM" ? 0 : $1.used) }
  }
}
