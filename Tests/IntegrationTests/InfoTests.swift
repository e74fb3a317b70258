// `penstock info` against a worker, and without one.

import DaemonDriver
import Foundation
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
