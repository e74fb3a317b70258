import DaemonDriver
import Glibc
import Testing

@testable import PageStore

@Suite("VolumeHealth")
struct VolumeHealthTests {
  private static let second: UInt64 = 1_000_000_000
  private static let millisecond: UInt64 = 1_000_000

  /// A volume and its manual clock.
  private struct Bench {
    let health: VolumeHealth
    let options: VolumeHealthOptions
    var now: UInt64 = 1000 * second

    init(_ change: (inout VolumeHealthOptions) -> Void = { _ in }) {
      var options = VolumeHealthOptions()
      change(&options)
      self.options = options
      health = VolumeHealth(options: options, now: now)
    }

    mutating func wait(_ time: UInt64) { now += time }

    mutating func fail(_ errno: Int32, read: Bool, times: Int = 1, apart: UInt64 = 0) {
      for _ in 0..<times {
        now += apart
        health.failed(read: read, errno: errno, now: now)
      }
    }

    mutating func run(
      _ count: Int, latency: UInt64, read: Bool = true, bytes: Int = 4096, apart: UInt64 = 0
    ) {
      for _ in 0..<count {
        now += apart
        health.succeeded(read: read, bytes: bytes, latency: latency, now: now)
      }
    }

    /// Probes whenever one is due until `time` has passed or the volume is in `state`; returns the probes.
    mutating func probe(
      ok: Bool, for time: UInt64, until state: VolumeState? = nil, took: UInt64 = millisecond
    ) -> Int {
      let end = now + time
      var count = 0
      while now < end, state != health.state {
        if health.takeProbe(now: now) {
          count += 1
          health.probed(ok: ok, now: now + took)
        }
        now += second / 10
      }
      return count
    }
  }

  // MARK: Errors

  @Test("a volume without errors is healthy, takes pages and reads, and is never probed")
  func healthy() {
    var bench = Bench()
    bench.run(10_000, latency: 100_000, apart: 1000)
    #expect(bench.health.state == .healthy)
    #expect(bench.health.acceptsPages && bench.health.acceptsReads)
    #expect(!bench.health.takeProbe(now: bench.now))
    #expect(bench.health.reason == "")
    #expect(bench.health.takeTransition() == nil)
  }

  @Test("the third failed read in a minute ends new pages, the tenth ends reads too")
  func readErrors() {
    var bench = Bench()
    bench.fail(EIO, read: true, times: 2, apart: Self.second)
    #expect(bench.health.state == .healthy)
    bench.fail(EIO, read: true, apart: Self.second)
    #expect(bench.health.state == .degraded)
    #expect(!bench.health.acceptsPages && bench.health.acceptsReads)
    bench.fail(ESTALE, read: true, times: 6, apart: Self.second)
    #expect(bench.health.state == .degraded)
    bench.fail(ETIMEDOUT, read: true, apart: Self.second)
    #expect(bench.health.state == .faulted)
    #expect(!bench.health.acceptsPages && !bench.health.acceptsReads)
    #expect(bench.health.reason == "10 failed reads in 60 s, the last with ETIMEDOUT")
    #expect(bench.health.counts.readErrors == 10)
    #expect(bench.health.takeTransition()?.to == .degraded)
    let last = bench.health.takeTransition()
    #expect(last?.from == .degraded && last?.to == .faulted && last?.time == bench.now)
    #expect(bench.health.takeTransition() == nil)
  }

  @Test("errors further apart than the window never add up")
  func window() {
    var bench = Bench()
    bench.fail(EIO, read: true, times: 100, apart: 30 * Self.second + 1)
    #expect(bench.health.state == .healthy)
    bench.fail(EIO, read: false, times: 100, apart: 30 * Self.second + 1)
    #expect(bench.health.state == .healthy)
    #expect(bench.health.counts.readErrors == 100 && bench.health.counts.writeErrors == 100)
  }

  @Test("failed writes end new pages and never end reads")
  func writeErrors() {
    var bench = Bench()
    bench.fail(EIO, read: true, times: 2)
    bench.fail(EIO, read: false, times: 2)
    #expect(bench.health.state == .healthy, "reads and writes have budgets of their own")
    bench.fail(EIO, read: false)
    #expect(bench.health.state == .degraded)
    bench.fail(EIO, read: false, times: 1000)
    #expect(bench.health.state == .degraded)
  }

  @Test(
    "a write to a full or read-only file system ends new pages at once",
    arguments: [ENOSPC, EROFS, EDQUOT])
  func fullOrReadOnly(errno: Int32) {
    var bench = Bench()
    bench.fail(errno, read: false)
    #expect(bench.health.state == .degraded)
    bench.fail(errno, read: false, times: 100)
    #expect(bench.health.state == .degraded, "what is there can still be read")
  }

  @Test("a device that is gone is out at once", arguments: [ENODEV, ENXIO], [true, false])
  func gone(errno: Int32, read: Bool) {
    var bench = Bench()
    bench.fail(errno, read: read)
    #expect(bench.health.state == .faulted)
    #expect(bench.health.reason.contains("the device is gone"))
  }

  @Test(
    "errors that say nothing of the device are not counted",
    arguments: [EAGAIN, EINTR, ECANCELED, EINVAL, ENOMEM, EFAULT])
  func innocent(errno: Int32) {
    var bench = Bench()
    bench.fail(errno, read: true, times: 100)
    bench.fail(errno, read: false, times: 100)
    #expect(bench.health.state == .healthy)
    #expect(bench.health.counts == VolumeHealth.Counts())
  }

  @Test("many corrupt pages end new pages and never end reads, which are verified")
  func corruption() {
    let bench = Bench()
    for _ in 0..<15 { bench.health.corrupted(now: bench.now) }
    #expect(bench.health.state == .healthy)
    for _ in 0..<1000 { bench.health.corrupted(now: bench.now) }
    #expect(bench.health.state == .degraded)
    #expect(bench.health.reason == "16 corrupt pages in 60 s")
    #expect(bench.health.counts.corruptions == 1015)
  }

  // MARK: Return

  @Test("probes back off while they fail, up to a minute, and bring a faulted volume back")
  func backOff() {
    var bench = Bench()
    bench.fail(ENODEV, read: true)
    #expect(!bench.health.takeProbe(now: bench.now), "the first probe waits for its interval")
    // 1, 2, 4, 8, 16, 32, 60, 60, … seconds apart: 6 in the first minute and 9 more in nine minutes.
    let first = bench.probe(ok: false, for: 64 * Self.second)
    #expect(first == 6)
    let more = bench.probe(ok: false, for: 540 * Self.second)
    #expect((8...9).contains(more))
    #expect(bench.health.state == .faulted)
    let good = bench.probe(ok: true, for: 120 * Self.second, until: .degraded)
    #expect(good == 3)
    #expect(bench.health.acceptsReads && !bench.health.acceptsPages)
    _ = bench.probe(ok: true, for: 29 * Self.second)
    #expect(bench.health.state == .degraded)
    _ = bench.probe(ok: true, for: 4 * Self.second)
    #expect(bench.health.state == .healthy)
    #expect(bench.health.reason == "")
  }

  @Test("one probe is out at a time")
  func oneProbe() {
    var bench = Bench()
    bench.fail(ENOSPC, read: false)
    bench.wait(Self.second)
    #expect(bench.health.takeProbe(now: bench.now))
    bench.wait(1000 * Self.second)
    #expect(!bench.health.takeProbe(now: bench.now))
    bench.health.probed(ok: true, now: bench.now)
    bench.wait(Self.second)
    #expect(bench.health.takeProbe(now: bench.now))
  }

  @Test("an answer nobody asked for changes nothing")
  func unaskedProbe() {
    var bench = Bench()
    bench.fail(ENODEV, read: true)
    for _ in 0..<10 { bench.health.probed(ok: true, now: bench.now) }
    #expect(bench.health.state == .faulted)
  }

  @Test("an error on probation starts it again")
  func probationRestarts() {
    var bench = Bench()
    bench.fail(EROFS, read: false)
    _ = bench.probe(ok: true, for: 25 * Self.second)
    bench.fail(EIO, read: true)
    _ = bench.probe(ok: true, for: 25 * Self.second)
    #expect(bench.health.state == .degraded)
    _ = bench.probe(ok: true, for: 10 * Self.second)
    #expect(bench.health.state == .healthy)
  }

  @Test("a volume without a probe never returns by waiting")
  func waitingIsNoProof() {
    var bench = Bench()
    bench.fail(EROFS, read: false)
    bench.wait(100_000 * Self.second)
    bench.run(100, latency: 100_000)
    #expect(bench.health.state == .degraded)
  }

  @Test("each relapse doubles the probation, up to its limit, and good behaviour resets it")
  func relapse() {
    var bench = Bench()
    var spans: [UInt64] = []
    for _ in 0..<7 {
      bench.fail(ENOSPC, read: false)
      let start = bench.now
      _ = bench.probe(ok: true, for: 2000 * Self.second, until: .healthy)
      spans.append((bench.now - start) / Self.second)
    }
    for (span, expected) in zip(spans, [30, 60, 120, 240, 480, 600, 600] as [UInt64]) {
      #expect((expected...expected + 2).contains(span), "\(spans)")
    }
    bench.wait(10_000 * Self.second)
    bench.fail(ENOSPC, read: false)
    _ = bench.probe(ok: true, for: 33 * Self.second)
    #expect(bench.health.state == .healthy)
  }

  // MARK: Latency

  @Test(
    "a device that becomes 1000 times slower than it was is degraded, never faulted, and returns")
  func slowDevice() {
    var bench = Bench()
    bench.run(4992, latency: 100_000, apart: 100_000)
    let median = bench.health.medians.read ?? 0
    #expect((90_000...110_000).contains(median), "\(median)")
    bench.run(48, latency: 100 * Self.millisecond, apart: 50 * Self.millisecond)
    #expect(bench.health.state == .healthy)
    bench.run(32, latency: 100 * Self.millisecond, apart: 50 * Self.millisecond)
    #expect(bench.health.state == .degraded)
    #expect(bench.health.reason.contains("slower than their median"))
    bench.run(3000, latency: 100 * Self.millisecond, apart: 50 * Self.millisecond)
    #expect(bench.health.state == .degraded)
    bench.run(200, latency: 100_000, apart: 50 * Self.millisecond)
    _ = bench.probe(ok: true, for: 33 * Self.second)
    #expect(bench.health.state == .healthy)
  }

  @Test("slow operations keep a degraded volume from returning")
  func staysSlow() {
    var bench = Bench()
    bench.run(5000, latency: 100_000, apart: 100_000)
    bench.fail(ENOSPC, read: false)
    for _ in 0..<60 {
      bench.run(16, latency: 100 * Self.millisecond)
      _ = bench.probe(ok: true, for: Self.second)
    }
    #expect(bench.health.state == .degraded)
    _ = bench.probe(ok: true, for: 33 * Self.second)
    #expect(bench.health.state == .healthy)
  }

  @Test("a probe that is slow for reads and writes alike does not count as good")
  func slowProbe() {
    var bench = Bench()
    bench.run(2000, latency: 100_000)
    bench.run(2000, latency: 100_000, read: false)
    bench.fail(ENODEV, read: true)
    _ = bench.probe(ok: true, for: 600 * Self.second, took: Self.second / 2)
    #expect(bench.health.state == .faulted)
    _ = bench.probe(ok: true, for: 600 * Self.second, until: .healthy)
    #expect(bench.health.state == .healthy)
  }

  @Test("a device that answers slowly from the start is not an outlier")
  func alwaysSlow() {
    var bench = Bench()
    bench.run(20_000, latency: 500 * Self.millisecond, apart: 10 * Self.millisecond)
    #expect(bench.health.state == .healthy)
  }

  @Test("below the floor nothing is slow, whatever the ratio")
  func floor() {
    var bench = Bench()
    bench.run(5000, latency: 10_000, apart: 10_000)
    bench.run(5000, latency: 40 * Self.millisecond, apart: Self.millisecond)
    #expect(bench.health.state == .healthy)
  }

  @Test("load that slows a disk 50 times does not degrade it")
  func load() {
    var bench = Bench()
    bench.run(5000, latency: 2 * Self.millisecond, apart: Self.millisecond)
    bench.run(5000, latency: 100 * Self.millisecond, apart: 10 * Self.millisecond)
    #expect(bench.health.state == .healthy)
  }

  @Test("a pause of the machine that delays hundreds of operations at once is not the disk's")
  func pause() {
    var bench = Bench()
    bench.run(5000, latency: 100_000, apart: 100_000)
    bench.wait(10 * Self.second)
    bench.run(1024, latency: 10 * Self.second, apart: 1000)
    bench.run(1000, latency: 100_000, apart: 100_000)
    #expect(bench.health.state == .healthy)
  }

  @Test("large transfers are not slow for their size")
  func largeTransfers() {
    var bench = Bench()
    bench.run(5000, latency: 100_000, apart: 100_000)
    // 16 MiB at 40 MB/s: 420 ms, 3.3 ms for each 128 KiB.
    bench.run(500, latency: 420 * Self.millisecond, bytes: 16 << 20, apart: 420 * Self.millisecond)
    #expect(bench.health.state == .healthy)
  }

  @Test("a slowness that lasts becomes the usual, so a volume is never out for ever")
  func newNormal() {
    var bench = Bench()
    bench.run(5000, latency: 100_000, apart: 100_000)
    bench.run(100, latency: 100 * Self.millisecond, apart: 50 * Self.millisecond)
    #expect(bench.health.state == .degraded)
    bench.run(20_000, latency: 100 * Self.millisecond, apart: 10 * Self.millisecond)
    _ = bench.probe(ok: true, for: 33 * Self.second)
    #expect(bench.health.state == .healthy)
  }

  @Test("slow writes are judged apart from fast reads")
  func slowWrites() {
    var bench = Bench()
    bench.run(5000, latency: 100_000, apart: 100_000)
    bench.run(5000, latency: 100_000, read: false, apart: 100_000)
    for _ in 0..<100 {
      bench.run(10, latency: 100_000, apart: 10 * Self.millisecond)
      bench.run(1, latency: 500 * Self.millisecond, read: false, apart: 50 * Self.millisecond)
    }
    #expect(bench.health.state == .degraded)
    #expect(bench.health.reason.hasPrefix("writes are"))
  }

  // MARK: Model

  /// Random events against what must hold after each: states change one step at a time as drawn, and quiet with good
  /// probes always ends in HEALTHY.
  @Test("random histories obey the drawing and always lead home", arguments: SeededRandom.seeds(20))
  func model(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var bench = Bench()
    let errnos = [EIO, ENODEV, ENXIO, EROFS, ESTALE, ENOSPC, EAGAIN, ETIMEDOUT]
    for _ in 0..<2000 {
      bench.wait(UInt64(random.below(3_000)) * Self.millisecond)
      let before = bench.health.state
      switch random.below(20) {
      case 0: bench.fail(errnos[random.below(errnos.count)], read: random.below(2) == 0)
      case 1: bench.health.corrupted(now: bench.now)
      case 2: _ = bench.probe(ok: random.below(4) != 0, for: 20 * Self.second)
      default: bench.run(16, latency: UInt64(random.below(300_000_000)), read: random.below(2) == 0)
      }
      let after = bench.health.state
      #expect(bench.health.acceptsPages == (after == .healthy), "SEED=\(seed)")
      #expect(bench.health.acceptsReads == (after != .faulted), "SEED=\(seed)")
      #expect((bench.health.reason == "") == (after == .healthy), "SEED=\(seed)")
      var state = before
      while let move = bench.health.takeTransition() {
        #expect(move.from == state && move.to != state, "SEED=\(seed)")
        #expect(!(move.from == .faulted && move.to == .healthy), "SEED=\(seed)")
        state = move.to
      }
      #expect(state == after, "SEED=\(seed)")
    }
    _ = bench.probe(ok: true, for: 2000 * Self.second, until: .healthy)
    #expect(bench.health.state == .healthy, "SEED=\(seed)")
  }

  @Test("many threads may report at once; every error is counted", .timeLimit(.minutes(1)))
  func threads() async {
    var bench = Bench()
    bench.wait(1)
    let (health, now) = (bench.health, bench.now)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for step in 0..<20_000 {
            health.succeeded(read: true, bytes: 4096, latency: 100_000, now: now)
            if step % 100 == 0 { health.failed(read: false, errno: EIO, now: now) }
          }
        }
      }
    }
    #expect(health.counts.writeErrors == 800)
    #expect(health.state == .degraded)
    let median = health.medians.read ?? 0
    #expect((90_000...110_000).contains(median))
  }
}
