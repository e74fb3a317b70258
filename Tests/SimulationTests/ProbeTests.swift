// Disks that fail come back by themselves.

import PageStore
import SimSupport
import Testing

@Suite("Probes of disks")
struct ProbeTests {
  /// Saves pages until the disk takes none any more.
  private static func wearOut(_ bench: StoreBench) async {
    for number in 1...4 {
      bench.fill(number)
      await bench.store.waitUntilSaved()
      bench.store.drop(StoreBench.file(number))
    }
  }

  /// Probes the disk of `bench` as often as its health wants.
  private static func startProber(_ bench: StoreBench) {
    bench.executor.spawn("prober") {
      while !bench.isOver {
        await bench.disk.probeIfDue(isPresent: true)
        await bench.executor.wait(1_000_000_000)
      }
    }
  }

  @Test(
    "a disk that failed is tried until it answers, and is healthy again without an operator",
    arguments: [SimDevice.State.vanished, .full, .readOnly])
  func comesBack(state: SimDevice.State) throws {
    let bench = try StoreBench(pages: 4)
    let health = bench.disk.health
    bench.device.become(state)
    bench.run { await Self.wearOut($0) }
    #expect(health.state != .healthy)
    #expect(!bench.store.volumes[1].acceptsPages)
    Self.startProber(bench)
    let early = bench.executor.run(limit: 300_000_000_000) { health.state == .healthy }
    #expect(early == .timeLimit(["saver", "prober"]), "it is still broken")
    #expect(health.counts.failedProbes > 0)
    bench.device.become(.working)
    #expect(bench.executor.run(limit: 7_200_000_000_000) { health.state == .healthy } == .stopped)
    bench.run {
      $0.fill(9)
      await $0.store.waitUntilSaved()
      $0.store.evict(toUsed: 0)
      $0.notes.append(await $0.place(of: 9))
    }
    bench.isOver = true
    #expect(bench.notes == ["disk"])
  }

  @Test("a healthy disk is not tried")
  func quiet() throws {
    let bench = try StoreBench(pages: 4)
    Self.startProber(bench)
    _ = bench.executor.run(limit: 60_000_000_000)
    #expect(bench.device.counts.writes == 0)
    #expect(bench.device.counts.reads == 0)
  }
}
