// `ufs-io-bench` and `penstock exec ufsIOTest` as processes.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("The I/O test as a program")
  struct IOTestTests {
    @Test("both programs print one JSON report on standard output")
    func report() async throws {
      try await blocking {
        for program in [
          ["\(Binaries.folder)/ufs-io-bench"], [Binaries.penstock, "exec", "ufsIOTest"],
        ] {
          let scratch = try ScratchDirectory("iotest")
          let run = try CommandRun(
            program + [
              "--path", scratch.path, "--io-size", "3M", "--threads", "2", "--percentiles",
            ])
          #expect(run.succeeded, "\(run.errors)")
          let report = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
          #expect(((report as? [String: Any])?["points"] as? [Any])?.count == 4)
          #expect(run.errors.contains("CPU s/GiB") && run.errors.contains("p99.9"))
          #expect(names(in: scratch.path).isEmpty)
        }
      }
    }

    @Test("SIGINT ends the test, and its files are gone")
    func interrupt() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("iotest")
        let child = try ChildProcess(
          [
            "\(Binaries.folder)/ufs-io-bench", "--path", scratch.path, "--io-size", "8G",
            "--threads", "2",
          ], output: "/dev/null", errors: "/dev/null")
        #expect(eventually { names(in: scratch.path) == ["UfsIOTest"] })
        child.signal(SIGINT)
        #expect(child.wait(.seconds(20)) == .code(130))
        #expect(names(in: scratch.path).isEmpty)
      }
    }

    @Test("--cluster says what it lacks")
    func cluster() async throws {
      try await blocking {
        let run = try CommandRun([
          "\(Binaries.folder)/ufs-io-bench", "--path", "/nowhere", "--cluster",
        ])
        #expect(run.status == .code(2) && run.errors.contains("coordinator"), "\(run.errors)")
      }
    }
  }
}
