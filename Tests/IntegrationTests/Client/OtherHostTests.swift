// A client on another host, as far as it can tell: another network, another host name, and the socket's directory shared.

import DaemonDriver
import Testing

extension Integration {
  @Suite("Clients of another host")
  struct OtherHostTests {
    @Test("who sees the socket by its UUID is local, whatever the host's name; by name it is not")
    func localities() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("hosts")
        let program = scratch.path("way")
        let compiling = try CommandRun([
          "clang", "-std=c11", "-Wall", "-Wextra", "-Werror",
          "-I\(Binaries.root)/Sources/CPenstock/include", "\(Binaries.root)/Tests/C/penstock_way.c",
          "-o", program, "-L\(Binaries.folder)", "-lPenstockC", "-Wl,-rpath,\(Binaries.folder)",
        ])
        try #require(compiling.succeeded, "\(compiling.errors)")
        let sockets = try ScratchDirectory("sc", in: "/tmp")
        for isUUID in [true, false] {
          let address = isUUID ? sockets.path : sockets.path("one")
          let fixture = try Fixture(options: [
            "-Dalluxio.worker.data.server.domain.socket.address=\(address)",
            "-Dalluxio.worker.data.server.domain.socket.as.uuid=\(isUUID)",
          ]) { try writeBytes(Array(repeating: 7, count: 100_000), to: "\($0)/file") }
          let socket = isUUID ? "socket_dir=\(address)" : "socket=\(address)"
          // The worker's name is this host's, so that a client of this host is local by name too.
          let worker = "workers=\(try hostname()):\(fixture.daemon.ports.rest)"
          let command = [program, fixture.source("file"), socket, worker]
          let here = try CommandRun(command)
          #expect(here.output == "shared\n", "\(here.errors)")
          let metric = "penstock_short_circuit_connections_total"
          let before = try fixture.daemon.metric(metric) ?? 0
          let direct = try fixture.daemon.metric("Worker_BytesReadDirect") ?? 0
          #expect(before > 0 && direct >= 100_000)
          let apart = try CommandRun(
            [
              "unshare", "--user", "--map-root-user", "--net", "--uts", "sh", "-c",
              "hostname elsewhere; exec \"$@\"", "sh",
            ]
              + command)
          #expect(
            apart.output == (isUUID ? "shared\n" : "ufs\n"), "uuid: \(isUUID); \(apart.errors)")
          let after = try fixture.daemon.metric(metric) ?? 0
          #expect((after > before) == isUUID)
          // The bytes by path say so, too: what the other host read came by leases, or not from the worker at all.
          let moved = try (fixture.daemon.metric("Worker_BytesReadDirect") ?? 0) - direct
          #expect(isUUID ? moved >= 100_000 : moved == 0, "uuid: \(isUUID), \(moved)")
          #expect(try fixture.daemon.metric("Worker_BytesReadDomain") ?? 0 == 0)
        }
      }
    }

    private func hostname() throws -> String {
      String(try readText("/proc/sys/kernel/hostname").prefix { !$0.isNewline })
    }
  }
}
