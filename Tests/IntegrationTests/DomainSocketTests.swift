// The domain socket of a real worker, used from another network namespace under another host name, as containers do that
// share nothing but the socket's directory.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Domain socket")
  struct DomainSocketTests {
    private struct Seen: Decodable {
      let sameHost, reachable: Bool
      let socket, mode, sha256: String
    }

    private static let uuid = "1d6d7c85-dee0-4ac5-bbd1-86eb496a2a50"

    /// A command that runs `command` in a network of its own, without a way out, under another host name.
    private static func apart(_ command: [String]) -> [String] {
      let isRoot = geteuid() == 0
      return ["unshare", "--net", "--uts"] + (isRoot ? [] : ["--user", "--map-root-user"])
        + ["sh", "-c", "hostname elsewhere && exec \"$@\"", "sh"] + command
    }

    @Test("a client in another network, of another host's name, reads by the shared directory")
    func namespaces() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("domain")
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
        let fixture = try Fixture(options: [
          "-Dalluxio.worker.data.server.domain.socket.address=\(scratch.path("opt/domain"))",
          "-Dalluxio.worker.data.server.domain.socket.as.uuid=true",
          "-Dalluxio.worker.identity.uuid=\(Self.uuid)",
        ]) { folder in try writeBytes(bytes, to: "\(folder)/file") }
        let script = "\(Binaries.root)/Tests/Python/local_client.py"
        let command = [
          "python3", script, scratch.path("opt/domain"), ProcessInfo.processInfo.hostName,
          "\(fixture.daemon.ports.rest)", "/data/file",
        ]
        let run = try CommandRun(Self.apart(command))
        try #require(
          run.succeeded,
          "unshare (util-linux) and a user who may use it are needed, see scripts/install-deps: \(run.errors)"
        )
        let seen = try JSONDecoder().decode(Seen.self, from: Data(run.output.utf8))
        #expect(!seen.sameHost, "by the host's name it is not local")
        #expect(!seen.reachable, "there is no network between them")
        #expect(seen.socket == Self.uuid && seen.mode == "shared")
        var digest = RunningDigest()
        bytes.withUnsafeBytes { digest.update($0) }
        let expected = digest.finish()
        #expect(seen.sha256 == expected)
        #expect(try fixture.daemon.metric("Worker_BytesReadDirect") == 3_000_000)
        #expect(try fixture.daemon.metric("Worker_BytesReadRemote") == 0)
        #expect(try fixture.daemon.metric("Worker_BytesReadUfs") == 3_000_000)
        let objects = try fixture.objects()
        #expect(try objects.request("GET", "/data/file").body.count == 3_000_000)
        #expect(try fixture.daemon.metric("Worker_BytesReadRemote") == 3_000_000)
        #expect(try fixture.daemon.metric("Worker_BytesReadDirect") == 3_000_000)
      }
    }

    @Test("a path that Linux does not take ends the start with the remedy")
    func length() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("domain")
        try makeDirectories(scratch.path("data"))
        let path = "/tmp/" + String(repeating: "d", count: 120)
        let run = try CommandRun(
          [
            Binaries.penstockd, "-Dalluxio.worker.data.server.domain.socket.address=\(path)",
            "--mount", "/data=file://\(scratch.path("data"))",
          ] + Fixture.memory + DaemonProcess.options(try .free(), work: scratch.path("work")))
        #expect(run.status == .code(78))
        #expect(run.errors.contains("has 125 bytes, and Linux takes 107"), "\(run.errors)")
      }
    }
  }
}
