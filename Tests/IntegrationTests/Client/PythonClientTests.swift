// The Python package as a wheel, with the real fsspec and numpy.

import DaemonDriver
import Testing

extension Integration {
  @Suite("Python package")
  struct PythonClientTests {
    @Test(
      "the wheel reads every byte by copies, arrays in place, fsspec, threads and forked processes")
    func checks() async throws {
      try await blocking {
        let environment = try PythonEnvironment("requirements-client.txt")
        let scratch = try ScratchDirectory("wheel")
        let building = try CommandRun([
          "\(Binaries.root)/scripts/build-wheel", "--library", "\(Binaries.folder)/libPenstockC.so",
          "--output", scratch.path("wheel"),
        ])
        try #require(building.succeeded, "\(building.errors)")
        let wheel = building.output.split(separator: "\n").last.map(String.init) ?? ""
        let installing = try CommandRun(
          [
            environment.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--no-deps",
            "--no-index", "--force-reinstall", "--target", scratch.path("site"), wheel,
          ], limit: .seconds(120))
        try #require(installing.succeeded, "\(installing.errors)")

        let sockets = try ScratchDirectory("sc", in: "/tmp")
        let fixture = try Fixture(options: [
          "-Dalluxio.worker.data.server.domain.socket.address=\(sockets.path)",
          "-Dalluxio.worker.data.server.domain.socket.as.uuid=true",
        ]) { folder in
          try writeBytes(PlacedBytes(seed: 51).bytes(0..<9_000_001), to: "\(folder)/large.bin")
          try writeBytes(PlacedBytes(seed: 52).bytes(0..<70_000), to: "\(folder)/a b ü%.bin")
          try writeBytes([], to: "\(folder)/empty")
          let lines = (0..<5000).map { "line \($0)\n" }.joined()
          try writeBytes(Array(lines.utf8), to: "\(folder)/lines.txt")
        }
        let run = try CommandRun(
          [
            environment.python, "\(environment.scripts)/client_checks.py", fixture.folder,
            sockets.path, "\(fixture.daemon.ports.rest)",
          ],
          variables: ["PYTHONPATH": scratch.path("site"), "LD_LIBRARY_PATH": Binaries.folder],
          limit: .seconds(180))
        let failures = run.output.split(separator: "\n").filter { !$0.hasPrefix("ok ") }
        #expect(run.succeeded && failures.isEmpty, "\(run.output)\(run.errors)")
      }
    }
  }
}
