// A worker that is stopped by a signal: the error names it, and the patience for one operation is spent once.

import DaemonDriver
import Glibc
import PenstockClient
import Synchronization
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

    @Test("a worker that is stopped leaves its network's others their share of the time")
    func others() async throws {
      try await blocking {
        let workers = try (0..<2).map { _ in
          try ClientFixture { try writeBytes([1, 2, 3], to: "\($0)/file") }
        }
        let ports = workers.map(\.fixture.daemon.ports.rest)
        // Two names of one host are two places on the ring; which of them the file belongs to is left open.
        let client = try Client(
          try ClientOptions([
            "workers=127.0.0.1:\(ports[0]),localhost:\(ports[1])", "ufs_fallback=false",
            "short_circuit=false", "retry_budget_ms=\(Int(Self.budget * 1000))",
          ]))
        #expect(try client.status("/data/file").length == 3)
        for worker in workers {
          worker.fixture.daemon.process.pause()
          defer { worker.fixture.daemon.process.signal(SIGCONT) }
          let clock = ContinuousClock()
          let begin = clock.now
          #expect(try client.status("/data/file").length == 3)
          #expect((clock.now - begin) / .seconds(1) < 0.8 * Self.budget)
        }
      }
    }

    @Test("pages whose requests were never sent are asked for again when the worker goes on")
    func neverSent() async throws {
      try await blocking {
        let (count, size) = (60, 64 << 10)
        let bytes = patterned(count * size, seed: 7)
        let fixture = try ClientFixture(options: [
          "-Dalluxio.worker.page.store.page.size=64KB"
        ]) { try writeBytes(bytes, to: "\($0)/file") }
        let client = try fixture.client(["lease_batch=1", "retry_budget_ms=1500"])
        let file = try client.open("/data/file")
        fixture.fixture.daemon.process.pause()
        let failed = Mutex(0)
        // More than the worker allows at a time.
        onThreads(count) { page in
          do { _ = try file.bytes(size, at: page * size) } catch { failed.withLock { $0 += 1 } }
        }
        fixture.fixture.daemon.process.signal(SIGCONT)
        #expect(failed.withLock { $0 } >= count - 1)
        let clock = ContinuousClock()
        let begin = clock.now
        for page in 0..<count {
          let part = try file.bytes(size, at: page * size).bytes
          #expect(part == Array(bytes[page * size..<(page + 1) * size]), "page \(page)")
        }
        // Each page that nobody had asked for took the whole patience.
        #expect((clock.now - begin) / .seconds(1) < 10)
      }
    }
  }
}
