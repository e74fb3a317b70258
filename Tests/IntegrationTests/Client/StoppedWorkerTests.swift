// A worker that is stopped by a signal: the error names it, and the patience for one operation is spent once.

import DaemonDriver
import Glibc
import PenstockClient
import Testing

extension Integration {
  @Suite("A worker that is stopped")
  struct StoppedWorkerTests {
    private static let budget = 6.0

    /// Runs `body`, which fails; returns its error and how long it took, seconds.
    private func failure(_ body: () throws -> Void) throws -> (ClientError, Double) {
      let clock = ContinuousClock()
      let begin = clock.now
      let error = #expect(throws: ClientError.self) { try body() }
      return (try #require(error), (clock.now - begin) / .seconds(1))
    }

    @Test("opens, reads and statuses of it end within the patience for one, and name the worker")
    func stopped() async throws {
      try await blocking {
        let fixture = try ClientFixture { try writeBytes([1, 2, 3], to: "\($0)/file") }
        let settings = [fixture.network, "retry_budget_ms=\(Int(Self.budget * 1000))"]
        let client = try fixture.client(settings)
        let file = try client.open("/data/file")
        #expect(try file.bytes(3, at: 0).bytes == [1, 2, 3])
        let late = try fixture.client(settings)
        // Without leases each read asks.
        let asking = try fixture.client(settings + ["leases=false"]).open("/data/file")
        #expect(try asking.bytes(3, at: 0).path == .domain)
        fixture.fixture.daemon.process.pause()
        defer { fixture.fixture.daemon.process.signal(SIGCONT) }
        for body in [
          { _ = try client.open("/data/file") }, { _ = try client.status("/data/other") },
          { _ = try late.open("/data/file") }, { try client.ping() },
          { _ = try asking.bytes(3, at: 0) },
        ] as [() throws -> Void] {
          let (error, seconds) = try failure(body)
          #expect(error.code == .unavailable)
          #expect(error.reason.contains("the worker did not answer"), "\(error)")
          #expect(error.remedy.contains("is it stopped"), "\(error)")
          #expect(!error.description.contains("under file system"))
          // Less than twice; whoever waits looks up once a second.
          #expect(seconds < 1.8 * Self.budget, "\(error)")
        }
      }
    }
  }
}
