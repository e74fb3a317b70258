// `penstock info` against a worker, and without one.

import DaemonDriver
import Foundation
import PenstockClient
import Testing

extension Integration {
  @Suite("penstock info")
  struct InfoTests {
    private struct Report: Decodable {
      struct Node: Decodable { let id, localBytes, crossNodeBytes: Int }
      struct Ring: Decodable { let node, localBytes, crossNodeBytes: Int }
      struct Arena: Decodable { let node, capacityBytes, committedBytes: Int }
      struct Volume: Decodable {
        let tier: String
        let quotaBytes, usedBytes: Int
      }
      let nodes: [Node]
      let rings: [Ring]
      let arenas: [Arena]
      let volumes: [Volume]
    }

    @Test("info numa tells where a worker's rings, memory and read bytes are")
    func worker() async throws {
      try await blocking {
        let size = 3_000_000
        let fixture = try Fixture { folder in
          try writeBytes([UInt8](repeating: 7, count: size), to: "\(folder)/file")
        }
        let objects = try fixture.objects()
        for _ in 0..<2 {
          let answer = try objects.request("GET", "/data/file")
          #expect(answer.status == 200 && answer.body.count == size)
        }
        let worker = "127.0.0.1:\(fixture.daemon.ports.web)"
        let run = try CommandRun([Binaries.penstock, "info", "numa", "--json", "--worker", worker])
        #expect(run.succeeded, "\(run.errors)")
        let report = try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
        let (near, far) = report.rings.reduce((0, 0)) {
          ($0.0 + $1.localBytes, $0.1 + $1.crossNodeBytes)
        }
        #expect(near + far == 2 * size)
        #expect(report.nodes.count > 1 || far == 0, "one node reads its own memory")
        #expect(report.nodes.reduce(0) { $0 + $1.localBytes } == near)
        #expect(report.volumes.allSatisfy { $0.usedBytes <= $0.quotaBytes })
        #expect(report.volumes.filter { $0.tier == "MEM" }.reduce(0) { $0 + $1.usedBytes } >= size)
        #expect(report.arenas.allSatisfy { $0.committedBytes <= $0.capacityBytes })
        let text = try CommandRun([Binaries.penstock, "info", "numa", "--worker", worker])
        #expect(text.succeeded && text.output.contains("arena of node"), "\(text.errors)")
        fixture.expectAlive()
      }
    }

    @Test("info socket tells path, clients, leases and bytes by way, or that there is no socket")
    func socket() async throws {
      try await blocking {
        let fixture = try ClientFixture { folder in
          try writeBytes([UInt8](repeating: 7, count: 3_000_000), to: "\(folder)/file")
        }
        let client = try fixture.client()
        let file = try client.open("/data/file")
        #expect(try file.bytes(3_000_000, at: 0).path == .shared)
        let worker = "127.0.0.1:\(fixture.fixture.daemon.ports.web)"
        let run = try CommandRun(
          [Binaries.penstock, "info", "socket", "--json", "--worker", worker])
        #expect(run.succeeded, "\(run.errors)")
        struct Report: Decodable {
          struct Clients: Decodable, Equatable { let shared, copy: Int }
          struct Leases: Decodable { let held, given, expired, heldTooLong: Int }
          struct Bytes: Decodable, Equatable { let direct, domain: Int }
          let path: String
          let clients: Clients
          let leases: Leases
          let leasedBytes, leasedBytesMax: Int
          let bytes: Bytes
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
        #expect(report.path == fixture.socket)
        #expect(report.clients == .init(shared: 1, copy: 0))
        #expect(report.leases.held == 3 && report.leases.given >= 3)
        #expect(report.leases.expired == 0 && report.leases.heldTooLong == 0)
        #expect(report.leasedBytes == 3 << 20 && report.leasedBytesMax == 64 << 20)
        #expect(report.bytes == .init(direct: 3_000_000, domain: 0))
        let text = try CommandRun([Binaries.penstock, "info", "socket", "--worker", worker])
        #expect(text.succeeded && text.output.contains("clients in shared mode"), "\(text.errors)")
        #expect(text.output.contains("held too long"))
        let other = try Fixture()
        let none = try CommandRun(
          [
            Binaries.penstock, "info", "socket", "--worker",
            "127.0.0.1:\(other.daemon.ports.web)",
          ])
        #expect(!none.succeeded && none.errors.contains("domain.socket.address"), "\(none.errors)")
      }
    }

    @Test("info numa --local needs no worker")
    func machine() async throws {
      try await blocking {
        let run = try CommandRun([Binaries.penstock, "info", "numa", "--local"])
        #expect(run.succeeded && run.output.contains("usable CPUs: "), "\(run.errors)")
        let json = try CommandRun([Binaries.penstock, "info", "numa", "--local", "--json"])
        let report = try JSONDecoder().decode(Report.self, from: Data(json.output.utf8))
        #expect(!report.nodes.isEmpty && report.rings.isEmpty)
      }
    }

    @Test("where no worker answers, info numa says so and fails")
    func nobody() async throws {
      try await blocking {
        let holder = try PortHolder()
        let run = try CommandRun([
          Binaries.penstock, "info", "numa", "--worker", "127.0.0.1:\(holder.port)",
        ])
        #expect(run.status == .code(1))
        #expect(run.errors.contains("127.0.0.1:\(holder.port)"), "\(run.errors)")
        let nonsense = try CommandRun([Binaries.penstock, "info", "numa", "--worker", "here"])
        #expect(nonsense.status == .code(64))
      }
    }
  }
}
