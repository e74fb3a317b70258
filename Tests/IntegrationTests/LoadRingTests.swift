// Where loads run: on rings of their own, whose threads are nicer than those that serve (ADR 0002).

import DaemonDriver
import Glibc
import Testing

extension Integration {
  @Suite("Rings of loads")
  struct LoadRingTests {
    /// CPU time of a daemon's rings, nanoseconds.
    private struct RingTimes {
      var serving: UInt64 = 0
      var loading: UInt64 = 0

      init(_ pid: pid_t) {
        for thread in ProcessFacts.threads(pid) {
          if thread.name.hasPrefix("ring-") { serving += thread.nanoseconds }
          if thread.name.hasPrefix("load-ring-") { loading += thread.nanoseconds }
        }
      }

      /// What was spent since `earlier`.
      func since(_ earlier: RingTimes) -> (serving: UInt64, loading: UInt64) {
        (serving - earlier.serving, loading - earlier.loading)
      }
    }

    @Test(
      "the daemon's loads run on load rings, as nice as is set, and its reads on those that serve")
    func rings() async throws {
      try await blocking {
        let fixture = try JobFixture { try JobFixture.fill("\($0)/set", count: 1500, size: 60_000) }
        let pid = fixture.daemon.process.pid
        let threads = ProcessFacts.threads(pid)
        func niceness(_ prefix: String) -> [Int] {
          threads.filter { $0.name.hasPrefix(prefix) }.map(\.niceness)
        }
        let own = Int(getpriority(Int32(PRIO_PROCESS.rawValue), 0))
        let (serving, loading) = (niceness("ring-"), niceness("load-ring-"))
        #expect(!serving.isEmpty && serving.allSatisfy { $0 == own }, "\(threads)")
        #expect(
          loading == Array(repeating: min(own + 10, 19), count: serving.count), "\(threads)")
        #expect(niceness("coordinator-") == [min(own + 10, 19)], "\(threads)")

        let start = RingTimes(pid)
        let load = try fixture.job("load", "--path", "/data/set", "--submit", "--watch")
        #expect(load.succeeded, "\(load.output)\(load.errors)")
        let loaded = RingTimes(pid)
        let byLoad = loaded.since(start)
        #expect(byLoad.loading > 4 * byLoad.serving, "\(byLoad)")
        // 90 MB are copied and checksummed: that is work.
        #expect(byLoad.loading > 10_000_000, "\(byLoad)")

        let connection = try HTTPConnection(port: fixture.daemon.ports.object)
        for index in 0..<1500 {
          let response = try connection.request("GET", "/data/set/d\(index / 100)/f\(index)")
          #expect(response.status == 200 && response.body.count == 60_000)
        }
        let byReads = RingTimes(pid).since(loaded)
        #expect(byReads.serving > 4 * byReads.loading, "\(byReads)")
      }
    }

    @Test("how nice load rings are is a setting")
    func setting() async throws {
      try await blocking {
        let fixture = try JobFixture(options: ["-Dpenstock.worker.load.niceness=3"]) {
          try JobFixture.fill($0, count: 1, size: 10)
        }
        let own = Int(getpriority(Int32(PRIO_PROCESS.rawValue), 0))
        let rings = ProcessFacts.threads(fixture.daemon.process.pid).filter {
          $0.name.hasPrefix("load-ring-")
        }
        #expect(!rings.isEmpty && rings.allSatisfy { $0.niceness == min(own + 3, 19) }, "\(rings)")
      }
    }
  }
}
