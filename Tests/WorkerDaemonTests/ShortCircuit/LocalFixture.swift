import DaemonDriver
import Glibc
import LocalWire
import Model
import PageStore
import Ring
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

/// A domain socket over one in-memory file system.
struct LocalFixture: Sendable {
  static let identity = WorkerIdentity(high: 0x1122_3344_5566_7788, low: 0x99AA_BBCC_DDEE_FF00)

  let service: ServiceFixture
  let scratch: ScratchDirectory
  let server: ShortCircuitServer
  let pool: BlockingPool

  var path: String { server.place.path }
  var ufs: FakeUFS { service.ufs }
  var counters: ShortCircuitCounters { server.shared.counters }

  /// Settings of a socket in `scratch`, changed by `definitions`.
  static func settings(_ address: String, _ definitions: [String] = []) throws
    -> ShortCircuitSettings
  {
    var input = ConfigurationInput()
    input.definitions =
      [
        "alluxio.worker.data.server.domain.socket.address=\(address)"
      ] + definitions.map { "penstock.worker.short.circuit.\($0)" }
    return try #require(try ShortCircuitSettings(try Configuration(input)))
  }

  init(
    _ definitions: [String] = [], capacity: Int = 16 << 20, rings: Int = 2,
    ufs: FakeUFS = FakeUFS(), validity: Duration = .zero,
    change: (inout ShortCircuitSettings) -> Void = { _ in }
  ) throws {
    service = try ServiceFixture(capacity: capacity, validity: validity, rings: rings, ufs: ufs)
    scratch = try ScratchDirectory("local")
    pool = try BlockingPool(name: "clients", threads: 4)
    var settings = try Self.settings("\(scratch.path)/s", definitions)
    change(&settings)
    let shared = try #require(
      ShortCircuitShared(
        settings, files: service.files, identity: Self.identity, clusterName: "c1",
        policy: PeerPolicy(settings), ringCount: rings))
    server = try ShortCircuitServer(
      shared, at: try SocketPlace(settings, uuid: "u"), reactors: service.group.reactors)
  }

  /// Runs `body`, which blocks, on a thread of its own.
  func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await pool.run { () -> Result<T, any Error> in
      do { return .success(try body()) } catch { return .failure(error) }
    }.get()
  }

  /// As above, with a client that was welcomed.
  func withClient<T: Sendable>(
    leases: UInt32 = 64, window: UInt64 = 0,
    _ body: @escaping @Sendable (LocalClient) throws -> T
  ) async throws -> T {
    try await onThread {
      let client = try LocalClient(path)
      try client.hello(leases: leases, window: window)
      return try body(client)
    }
  }

  /// Waits until every client that went is forgotten.
  func waitForNobody() async throws {
    let ring = service.group.reactors[0]
    // What was being brought for them ends a moment later.
    for _ in 0..<2000
    where server.connectionCount > 0 || server.shared.windows.bytes > 0
      || server.shared.memory.leases > 0 || service.files.store.statistics.doomedPages > 0
    {
      await ring.run { _ = await ring.sleep(for: .milliseconds(5)) }
    }
    #expect(server.connectionCount == 0)
  }

  /// What must hold when nobody is connected.
  func expectNothingHeld() {
    #expect(server.shared.memory.bytes == 0)
    #expect(server.shared.memory.leases == 0)
    #expect(server.shared.windows.bytes == 0)
    #expect(counters.value(.held) == 0)
    #expect(counters.value(.open) == 0)
    #expect(service.files.store.statistics.doomedPages == 0)
  }

  func stop() {
    service.group.reactors[0].wait { await server.stop(within: .zero) }
    service.stop()
    pool.stop()
  }
}
