// `ufs-io-bench` and `penstock exec ufsIOTest` as processes.

import DaemonDriver
import FaultProxy
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

    @Test("turns with a raw socket and curl are signed, and what comes to no figure is a failure")
    func contests() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("iotest")
        try makeDirectories(scratch.path("b"))
        let store = try RcloneStore(scratch.path)
        func run(_ words: [String], _ extra: [String], key: String = UFSFaultStage.secret) throws
          -> CommandRun
        {
          try CommandRun(
            words + [
              "\(Binaries.folder)/ufs-io-bench", "--path", "s3://b", "--io-size", "3M", "--threads",
              "2", "--conf", "alluxio.underfs.s3.endpoint=http://127.0.0.1:\(store.port)", "--conf",
              "s3a.accessKeyId=\(UFSFaultStage.keyID)", "--conf", "s3a.secretKey=\(key)", "--conf",
              "alluxio.underfs.object.store.breadcrumbs.enabled=false",
            ] + extra)
        }
        let good = try run(["env"], ["--ceiling", "--compare", "curl"])
        #expect(good.succeeded, "\(good.errors)")
        for name in ["raw socket", "curl"] {
          let line = good.errors.split(separator: "\n").first { $0.contains("read, \(name): ") }
          #expect(line?.contains("MiB/s") == true, "\(good.errors)")
        }
        let bad = try run(["env", "PATH=/nonexistent"], ["--compare", "curl"])
        #expect(bad.status == .code(1), "\(bad.errors)")
        #expect(bad.errors.contains("error: read, curl: curl is not installed"), "\(bad.errors)")
        #expect(!bad.errors.contains(UFSFaultStage.secret))
      }
    }

    /// Lists `path` and returns files, directories, and MiB that its memory grew by.
    private static func list(
      _ path: String, _ options: [String] = []
    ) throws -> (files: Int, directories: Int, grown: Int) {
      let run = try CommandRun(
        ["\(Binaries.folder)/ufs-io-bench", "--mode", "list", "--path", path]
          + options.flatMap { ["--conf", $0] }, limit: .seconds(180))
      #expect(run.succeeded, "\(run.errors)")
      let line = run.errors.split(separator: "\n").first { $0.contains("list: ") } ?? ""
      let numbers = line.split { !$0.isNumber && $0 != "." }.compactMap { Int($0) }
      // files, directories, bytes, [seconds], rate, [CPU seconds], before, at most
      guard numbers.count == 6 else {
        throw DriverError.program("not understood: \(run.errors)")
      }
      return (numbers[0], numbers[1], numbers[5] - numbers[4])
    }

    @Test("a million keys are listed exactly, in the memory of a few pages")
    func millionKeys() async throws {
      try await blocking {
        let content = ListingOrigin.Content(
          folder: "many/", count: 1_000_000, size: 4096, tag: "0123456789abcdef")
        let origin = try ListingOrigin([content])
        let found = try Self.list(
          "s3://b/many",
          ["alluxio.underfs.s3.endpoint=http://127.0.0.1:\(origin.port)"])
        #expect(found.files == 1_000_000 && found.directories == 0, "\(found)")
        #expect(found.grown < 32, "\(found)")
      }
    }

    @Test("a directory of 200,000 names streams: its memory is that of a few batches")
    func largeDirectory() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("names")
        let folder = scratch.path("d")
        try makeDirectories(folder)
        // One name more each: no file system refuses so many links of one file.
        for source in 0..<8 {
          let first = "\(folder)/\(source)-first"
          try writeBytes([1], to: first)
          for number in 1..<25_000 where link(first, "\(folder)/\(source)-\(number)") != 0 {
            throw DriverError.program("link: errno \(errno)")
          }
        }
        let found = try Self.list(folder)
        #expect(found.files == 200_000 && found.directories == 0, "\(found)")
        #expect(found.grown < 32, "\(found)")
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
