// gRPC between coordinator and workers over TLS, each a process of its own.

import DaemonDriver
import FaultProxy
import Foundation
import Testing

extension Integration {
  @Suite("Nodes over TLS")
  struct NodesTLSTests {
    /// The options of a process that bears `pair` and trusts `authority`.
    private static func options(
      _ pair: TestCertificates.Pair, trusting authority: TestCertificates.Pair
    ) -> [String] {
      [
        "-Dalluxio.network.tls.enabled=true",
        "-Dpenstock.network.tls.certificate=\(pair.certificate)",
        "-Dpenstock.network.tls.key=\(pair.key)",
        "-Dpenstock.network.tls.ca.file=\(authority.certificate)",
      ]
    }

    @Test(
      "a load over two workers goes over TLS and mutual TLS; whom they do not trust, one line says",
      arguments: [false, true])
    func load(isMutual: Bool) async throws {
      try await blocking {
        let made = try TestCertificates()
        let own =
          Self.options(made.server, trusting: made.authority)
          + (isMutual ? ["-Dpenstock.network.tls.client.auth=true"] : [])
        let cluster = try JobCluster(options: own, workerOptions: own) {
          try JobFixture.fill("\($0)/set", count: 40, size: 5000)
        }
        let haveJoined = try eventually { try cluster.count("ONLINE") == 2 }
        #expect(haveJoined, "\(cluster.log) \(cluster.workers[0].logText)")
        let load = try cluster.run("job", "load", "--path", "/data/set", "--submit", "--watch")
        #expect(load.succeeded, "\(load.output)\(load.errors)")
        #expect(try cluster.bytesRead() == 200_000)

        // A worker that does not trust the coordinator's authority, and one that talks in the clear.
        let wrong = try cluster.start(
          "wrong", options: Self.options(made.server, trusting: made.otherAuthority))
        let clear = try cluster.start("clear", options: [])
        for worker in [wrong, clear] {
          let isTold = eventually { worker.logText.contains("no lease of the coordinator at") }
          #expect(isTold, "\(worker.logText)")
        }
        let line = wrong.logText.split(separator: "\n").first { $0.contains("no lease of the") }
        #expect(line?.contains("penstock.network.tls.ca.file") == true, "\(line ?? "")")
        if isMutual {
          // Trusts, and is not trusted.
          let stranger = try cluster.start(
            "stranger", options: Self.options(made.untrusted, trusting: made.authority))
          let isTold = eventually { stranger.logText.contains("no lease of the coordinator at") }
          #expect(isTold, "\(stranger.logText)")
        }
        #expect(try cluster.nodes().workers.count == 2)
        let lines = wrong.logText.split(separator: "\n").filter { $0.contains("no lease of the") }
        #expect(lines.count == 1, "\(lines)")
      }
    }

    @Test("TLS without a certificate, or with files that are none, ends the start with one line")
    func bad() async throws {
      try await blocking {
        let made = try TestCertificates()
        let scratch = try ScratchDirectory("tls")
        try makeDirectories(scratch.path("data"))
        try writeBytes(Array("no certificate\n".utf8), to: scratch.path("none.pem"))
        let pair = [
          "-Dpenstock.network.tls.certificate=\(made.server.certificate)",
          "-Dpenstock.network.tls.key=\(made.server.key)",
        ]
        let cases: [([String], String)] = [
          ([], "set penstock.network.tls.certificate and penstock.network.tls.key"),
          ([pair[0]], "needs a certificate and its key"),
          (pair + ["-Dpenstock.network.tls.client.auth=true"], "needs authorities to trust"),
          (
            pair + ["-Dpenstock.network.tls.ca.file=\(scratch.path("none.pem"))"],
            "none.pem: no PEM file"
          ),
          (
            pair + ["-Dpenstock.network.tls.ca.file=\(scratch.path("gone.pem"))"],
            "gone.pem: No such file"
          ),
        ]
        for (options, text) in cases {
          for role in [["--coordinator", "--no-worker"], ["-Dalluxio.coordinator.hostname=::1"]] {
            let run = try CommandRun(
              [Binaries.penstockd] + role + [
                "--mount", "/data=file://\(scratch.path("data"))",
                "-Dalluxio.network.tls.enabled=true", "-Dalluxio.work.dir=\(scratch.path("work"))",
                "-Dalluxio.worker.bind.host=127.0.0.1", "-Dalluxio.worker.web.bind.host=127.0.0.1",
              ] + Self.ports() + Fixture.memory + options)
            #expect(run.status == .code(78), "\(role) \(options): \(run)")
            let lines = run.errors.split(separator: "\n").filter { $0.hasPrefix("penstockd: ") }
            #expect(lines.count == 1 && lines[0].contains(text), "\(run.errors)")
          }
        }
      }
    }

    private static func ports() throws -> [String] {
      try [
        "alluxio.coordinator.web.port", "alluxio.coordinator.rpc.port", "alluxio.worker.rpc.port",
        "alluxio.worker.http.server.port", "alluxio.worker.rest.port", "alluxio.worker.web.port",
      ].map { "-D\($0)=\(try PortHolder().port)" }
    }
  }
}
