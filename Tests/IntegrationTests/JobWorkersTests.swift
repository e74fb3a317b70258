// A coordinator and two workers, each a process of its own.

import DaemonDriver
import Foundation
import Glibc
import Testing

extension Integration {
  @Suite("Jobs over several workers")
  struct JobWorkersTests {
    /// A coordinator without a worker, and two workers that have joined it.
    private final class Cluster {
      let scratch: ScratchDirectory
      let web: UInt16
      let rpc: UInt16
      let coordinator: ChildProcess
      var workers: [DaemonProcess] = []

      init(prepare: (String) throws -> Void) throws {
        scratch = try ScratchDirectory("cluster")
        try makeDirectories(scratch.path("data"))
        try prepare(scratch.path("data"))
        let ports = try DaemonPorts.free()
        (web, rpc) = (ports.web, ports.rest)
        coordinator = try ChildProcess(
          [
            Binaries.penstockd, "--coordinator", "--no-worker",
            "--mount", "/data=file://\(scratch.path("data"))",
            "-Dalluxio.work.dir=\(scratch.path("work"))", "-Dalluxio.coordinator.web.port=\(web)",
            "-Dalluxio.coordinator.rpc.port=\(rpc)", "-Dalluxio.worker.bind.host=127.0.0.1",
            "-Dalluxio.worker.web.bind.host=127.0.0.1", "-Dalluxio.master.worker.timeout=1s",
            "-Dalluxio.coordinator.scheduler.initial.wait.time=0s",
          ], output: scratch.path("log"), errors: scratch.path("log"))
        // The workers wait for the coordinator, whichever is first.
        for _ in 0..<2 { workers.append(try start()) }
      }

      func start() throws -> DaemonProcess {
        try DaemonProcess(
          Binaries.penstockd, ports: try .free(),
          options: [
            "--mount", "/data=file://\(scratch.path("data"))",
            "-Dalluxio.coordinator.hostname=127.0.0.1", "-Dalluxio.coordinator.rpc.port=\(rpc)",
            "-Dalluxio.worker.rpc.port=\(try PortHolder().port)",
          ] + Fixture.memory)
      }

      var log: String { (try? readText(scratch.path("log"))) ?? "" }

      func run(_ arguments: String...) throws -> CommandRun {
        try CommandRun(
          [Binaries.penstock] + arguments + ["--coordinator", "127.0.0.1:\(web)"])
      }

      /// How many workers are in `state`.
      func count(_ state: String) throws -> Int {
        try run("info", "nodes").output.split(separator: "\n").count { $0.contains("  \(state)  ") }
      }

      func report(_ path: String) throws -> [String] {
        try run("job", "load", "--path", path, "--progress").output.split(separator: "\n")
          .map { $0.trimmingCharacters(in: .whitespaces) }
      }
    }

    @Test("a load over two workers, one of which is killed, succeeds with exact counts")
    func killed() async throws {
      try await blocking { try Self.loadAndKill() }
    }

    private static func loadAndKill() throws {
      let cluster = try Cluster { try JobFixture.fill("\($0)/set", count: 800, size: 16_000) }
      let haveJoined = try eventually { try cluster.count("ONLINE") == 2 }
      #expect(haveJoined, "\(cluster.log)")
      let path = "file://\(cluster.scratch.path("data"))/set"
      let submitted = try cluster.run(
        "job", "load", "--path", path, "--submit", "--bandwidth", "3MB", "--batch-size", "20")
      #expect(submitted.succeeded, "\(submitted.errors)")
      let isUnderWay = try eventually {
        JobFixture.count("Inodes Processed", in: try cluster.report(path)) ?? 0 >= 80
      }
      #expect(isUnderWay, "\(cluster.log.suffix(2000))")
      for worker in cluster.workers {
        #expect(try worker.metric("alluxio_external_data_read_bytes_total") ?? 0 > 0)
      }
      cluster.workers[0].process.signal(SIGKILL)
      var lines: [String] = []
      let hasEnded = try eventually(.seconds(60)) {
        lines = try cluster.report(path)
        return lines.contains { $0.hasPrefix("Job State: SUCC") || $0.hasPrefix("Job State: F") }
      }
      #expect(hasEnded, "\(lines) \(cluster.log.suffix(2000))")
      #expect(lines.contains("Job State: SUCCEEDED"), "\(lines)")
      #expect(JobFixture.count("Inodes Scanned", in: lines) == 800)
      #expect(JobFixture.count("Inodes Processed", in: lines) == 800)
      #expect(lines.contains("Bytes Loaded: 12.21MB out of 12.21MB"), "\(lines)")
      let isLost = try eventually { try cluster.count("LOST") == 1 }
      #expect(isLost, "\(cluster.log)")
      #expect(try cluster.count("ONLINE") == 1)
      cluster.coordinator.signal(SIGTERM)
      #expect(cluster.coordinator.wait(.seconds(20)) == .code(0))
      cluster.workers[1].process.signal(SIGTERM)
      #expect(cluster.workers[1].process.wait(.seconds(20)) == .code(0))
    }
  }
}
