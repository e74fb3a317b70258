// What becomes of a start whose job store cannot be used, and of a submission that there is no room for.

import DaemonDriver
import Foundation
import Glibc
import Testing

@testable import Scheduler

extension Integration {
  @Suite("Job stores that cannot be used")
  struct JobStoreStartTests {
    /// Runs a coordinator on the job store at `store`, below `scratch`; it is expected to end at once.
    private static func expectRefusal(
      _ text: String, of store: String, in scratch: ScratchDirectory, as command: [String],
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let run = try CommandRun(
        command + [
          "--coordinator", "--no-worker", "--mount", "/data=file://\(scratch.path("data"))",
          "-Dalluxio.work.dir=\(scratch.path("work"))",
          "-Dalluxio.coordinator.metastore.dir=\(scratch.path(store))",
          "-Dalluxio.coordinator.web.port=\(try PortHolder().port)",
          "-Dalluxio.coordinator.rpc.port=\(try PortHolder().port)",
          "-Dalluxio.worker.bind.host=127.0.0.1", "-Dalluxio.worker.web.bind.host=127.0.0.1",
        ])
      #expect(run.status == .code(66), "\(run)", sourceLocation: sourceLocation)
      let lines = run.errors.split(separator: "\n").filter { $0.hasPrefix("penstockd: ") }
      #expect(lines.count == 1, "\(run.errors)", sourceLocation: sourceLocation)
      let line = String(lines.first ?? "")
      #expect(line.contains(text), "\(line)", sourceLocation: sourceLocation)
      #expect(
        line.contains("alluxio.coordinator.metastore.dir"), "\(line)",
        sourceLocation: sourceLocation)
    }

    private static func scratch() throws -> ScratchDirectory {
      let scratch = try ScratchDirectory("store")
      for name in ["data", "work", "store"] { try makeDirectories(scratch.path(name)) }
      return scratch
    }

    @Test("a store of a newer format ends the start with one line, and stays as it is")
    func newer() async throws {
      try await blocking {
        let scratch = try Self.scratch()
        do {
          let table = try RocksTable(path: scratch.path("store"))
          try table.write([.put(key: StoreKey.schema, value: [3, 0, 0, 0])])
        }
        try Self.expectRefusal(
          "was written by another version", of: "store", in: scratch, as: [Binaries.penstockd])
        let table = try RocksTable(path: scratch.path("store"))
        #expect(try table.value(of: StoreKey.schema) == [3, 0, 0, 0])
      }
    }

    @Test("a store whose files are damaged ends the start with one line")
    func corrupt() async throws {
      try await blocking {
        let scratch = try Self.scratch()
        try RocksJobStore(path: scratch.path("store")).close()
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path("store"))
        for name in names where name.hasPrefix("MANIFEST") {
          try writeBytes(Array("garbage\n".utf8), to: scratch.path("store/\(name)"))
        }
        try Self.expectRefusal("does not open", of: "store", in: scratch, as: [Binaries.penstockd])
        try Self.expectRefusal(
          "; move \(scratch.path("store")) away to begin without its jobs, or name another directory",
          of: "store", in: scratch, as: [Binaries.penstockd])
      }
    }

    @Test("a store that cannot be written ends the start with one line")
    func readOnly() async throws {
      try await blocking {
        let scratch = try Self.scratch()
        try RocksJobStore(path: scratch.path("store")).close()
        var command = [Binaries.penstockd]
        if geteuid() == 0 {
          // Nothing is read-only to root: somebody else runs the daemon, from where he may read it.
          try writeBytes(try readBytes(Binaries.penstockd), to: scratch.path("penstockd"))
          for (name, mode) in [("penstockd", 0o755), ("work", 0o777), ("data", 0o755), ("", 0o755)]
          {
            #expect(chmod(scratch.path(name), mode_t(mode)) == 0)
          }
          command = [
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
            scratch.path("penstockd"),
          ]
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path("store"))
        for name in names { #expect(chmod(scratch.path("store/\(name)"), 0o444) == 0) }
        #expect(chmod(scratch.path("store"), 0o555) == 0)
        try Self.expectRefusal("Permission denied", of: "store", in: scratch, as: command)
        #expect(chmod(scratch.path("store"), 0o755) == 0)
      }
    }

    @Test(
      "beyond the jobs that may wait a submission is refused with one line, and there is room again"
    )
    func capacity() async throws {
      try await blocking {
        let fixture = try JobFixture(options: [
          "-Dalluxio.coordinator.scheduler.running.job.capacity=1",
          "-Dalluxio.coordinator.scheduler.waiting.job.capacity=2",
        ]) { folder in
          for name in ["a", "b", "c", "d"] {
            try JobFixture.fill("\(folder)/\(name)", count: 20, size: 10_000)
          }
        }
        func submit(_ name: String) throws -> CommandRun {
          try fixture.job(
            "load", "--path", "/data/\(name)", "--submit", "--bandwidth", "10KB", "--batch-size",
            "1")
        }
        #expect(try submit("a").succeeded)
        _ = try fixture.wait("/data/a", for: "RUNNING")
        #expect(try submit("b").succeeded)
        #expect(try submit("c").succeeded)
        let refused = try submit("d")
        #expect(refused.status == .code(255), "\(refused)")
        #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
        #expect(refused.errors.contains("(2 jobs wait)"), "\(refused.errors)")
        let again = try submit("b")
        #expect(again.succeeded && again.output.hasPrefix("Load already running"), "\(again)")
        #expect(try fixture.job("load", "--path", "/data/a", "--stop").succeeded)
        _ = try fixture.wait("/data/b", for: "RUNNING")
        #expect(try submit("d").succeeded)
        let list = try fixture.job("list", "--job-state", "WAITING").output.split(separator: "\n")
        #expect(list.count == 2, "\(list)")
      }
    }
  }
}
