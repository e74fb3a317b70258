// What only works on the ports every client knows: 28080, 29998 and 30000.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("On the default ports", .serialized)
  struct DefaultPortsTests {
    @Test("the public Python client reads, writes and lists, and every byte is the source's")
    func alluxiofs() async throws {
      try await blocking {
        let python = try PythonEnvironment().python
        let fixture = try start { folder in try writeSample(to: folder) }
        let logs = try ScratchDirectory("alluxiofs")
        let script = "\(Binaries.root)/Tests/Python/alluxiofs_checks.py"
        let run = try CommandRun(
          [python, script, fixture.folder],
          variables: ["ALLUXIO_PYTHON_SDK_LOG_PATH": logs.path], limit: .seconds(300))
        #expect(run.succeeded, "\(run.errors.suffix(2000))")
        let lines = run.output.split(separator: "\n")
        for line in lines where line.hasPrefix("FAIL") && !line.contains("a_wrong_byte_would") {
          Issue.record("\(line)")
        }
        #expect(lines.contains { $0.hasPrefix("FAIL a_wrong_byte_would_be_noticed") })
        #expect(lines.filter { $0.hasPrefix("ok ") }.count == 22)
        fixture.expectAlive()
        #expect(fixture.daemon.process.stop() == .code(0))
      }
    }

    @Test("the public Python client's loads are jobs of the coordinator")
    func alluxiofsJobs() async throws {
      try await blocking {
        let python = try PythonEnvironment().python
        try requireFreePorts()
        let fixture = try JobFixture(ports: .standard) { folder in
          try JobFixture.fill("\(folder)/set", count: 120, size: 3000)
          try makeDirectories("\(folder)/slow")
          for index in 0..<40 {
            try writeBytes(patterned(50_000, seed: index), to: "\(folder)/slow/f\(index)")
          }
        }
        let slow = try fixture.job(
          "load", "--path", "/data/slow", "--submit", "--bandwidth", "10KB", "--batch-size", "2")
        #expect(slow.succeeded, "\(slow.errors)")
        _ = try fixture.wait(fixture.source("slow"), for: "RUNNING")
        let logs = try ScratchDirectory("alluxiofs")
        let run = try CommandRun(
          [
            python, "\(Binaries.root)/Tests/Python/alluxiofs_jobs.py", fixture.source("set"),
            fixture.source("slow"), fixture.source("missing"),
          ], variables: ["ALLUXIO_PYTHON_SDK_LOG_PATH": logs.path], limit: .seconds(120))
        #expect(run.succeeded, "\(run.output)\n\(run.errors.suffix(2000))")
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 4 && lines.allSatisfy { $0.hasPrefix("ok ") }, "\(run.output)")
        let list = try fixture.job("list").output.split(separator: "\n")
        #expect(list.count == 2, "\(list)")
        #expect(list.first?.contains("  LOAD  STOPPED  ") == true, "\(list)")
        #expect(list.last?.contains("  LOAD  SUCCEEDED  ") == true, "\(list)")
        let report = try fixture.report(fixture.source("set"))
        #expect(JobFixture.count("Inodes Processed", in: report) == 120, "\(report)")
      }
    }

    @Test("a bucket that is not there is no missing file to the public Python client")
    func alluxiofsWithoutBucket() async throws {
      try await blocking {
        let python = try PythonEnvironment().python
        let folder = try ScratchDirectory("nobucket")
        let store = try RcloneStore(folder.path)
        let mount = [
          "/s3=s3://gone", "alluxio.underfs.s3.endpoint=http://127.0.0.1:\(store.port)",
          "alluxio.underfs.s3.disable.dns.buckets=true", "alluxio.underfs.s3.region=us-east-1",
        ]
        try requireFreePorts()
        let daemon = try DaemonProcess(
          Binaries.penstockd, ports: .standard,
          options: ["--mount", mount.joined(separator: ",")] + Fixture.memory,
          variables: [
            "AWS_ACCESS_KEY_ID": UFSFaultStage.keyID,
            "AWS_SECRET_ACCESS_KEY": UFSFaultStage.secret,
          ])
        let logs = try ScratchDirectory("alluxiofs")
        let run = try CommandRun(
          [python, "\(Binaries.root)/Tests/Python/alluxiofs_without_bucket.py", "s3://gone/a.bin"],
          variables: ["ALLUXIO_PYTHON_SDK_LOG_PATH": logs.path], limit: .seconds(120))
        #expect(run.succeeded, "\(run.output)\n\(run.errors.suffix(2000))")
        #expect(run.output.split(separator: "\n").filter { $0.hasPrefix("ok ") }.count == 4)
        let rest = try HTTPConnection(port: daemon.ports.rest)
        let info = try rest.request("GET", "/v1/info?path=s3://gone/a.bin")
        #expect(info.status == 502)
        #expect(info.text.contains("no bucket 'gone' at http://127.0.0.1:\(store.port)"))
        #expect(daemon.logText.contains("no bucket 'gone'"))
        #expect(daemon.process.stop() == .code(0))
      }
    }

    @Test("the curl examples of README work as they stand")
    func readme() async throws {
      try await blocking {
        let examples = try READMEExamples()
        #expect(examples.blocks.count >= 3)
        let scratch = try ScratchDirectory("readme")
        let folder = scratch.path("demo")
        try makeDirectories(folder)
        let daemon = try startDaemon(options: ["--mount", "/demo=file://\(folder)"])
        for block in examples.blocks {
          let script = block.script.replacing("/tmp/penstock-demo", with: folder)
          let run = try CommandRun(["bash", "-euo", "pipefail", "-c", script])
          #expect(run.succeeded, "\(script)\n\(run.output)\n\(run.errors)")
          let missing = READMEExamples.firstMissing(block.expected, in: run.output)
          #expect(missing == nil, "not printed: \(missing ?? "") by\n\(script)\n\(run.output)")
        }
        #expect(daemon.process.stop() == .code(0))
      }
    }

    private func start(_ prepare: (String) throws -> Void) throws -> Fixture {
      try requireFreePorts()
      return try Fixture(ports: .standard, prepare: prepare)
    }

    private func startDaemon(options: [String]) throws -> DaemonProcess {
      try requireFreePorts()
      return try DaemonProcess(
        Binaries.penstockd, ports: .standard, options: options + Fixture.memory)
    }

    private func requireFreePorts() throws {
      if let port = DaemonPorts.standard.taken {
        throw DriverError.program(
          "port \(port) is taken: this test needs the default ports; stop what listens there")
      }
    }

    /// Files of many sizes whose names hold what clients get wrong.
    private func writeSample(to folder: String) throws {
      let sizes = [
        "plain.bin": 3 << 20 | 17, "sub dir/a b.txt": 100, "amp&and=equals.bin": 1 << 20,
        "plus+sign.bin": 4097, "per cent%.bin": 65_536, "literal%20twenty.bin": 1_000_001,
        "ümläut 日本.bin": 2_000_000, "question?mark.bin": 12_345, "trail&chunkSize=9.bin": 2048,
        "sub dir/deep/&recursive=True": 77, "empty": 0, "large.bin": 24 << 20 | 3, "cut": 500,
      ]
      try makeDirectories("\(folder)/sub dir/deep")
      for (index, name) in sizes.keys.sorted().enumerated() {
        try writeBytes(patterned(sizes[name] ?? 0, seed: index + 1), to: "\(folder)/\(name)")
      }
    }
  }
}

/// The examples in README's fenced blocks that open with `sh rest`.
struct READMEExamples {
  /// One block: a script, and text it prints, in order.
  struct Block {
    var script = ""
    var expected: [String] = []
  }

  private(set) var blocks: [Block] = []

  /// Reads README.md.
  init() throws {
    self.init(parsing: try readText("\(Binaries.root)/README.md"))
  }

  init(parsing text: String) {
    var block: Block?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "```sh rest" {
        block = Block()
      } else if line == "```", let done = block {
        blocks.append(done)
        block = nil
      } else if line.hasPrefix("#> ") {
        block?.expected.append(String(line.dropFirst(3)))
      } else {
        block?.script += line + "\n"
      }
    }
  }

  /// The first of `expected` that `output` does not hold after the ones before it.
  static func firstMissing(_ expected: [String], in output: String) -> String? {
    var rest = output[...]
    for text in expected {
      guard let found = rest.firstRange(of: text) else { return text }
      rest = rest[found.upperBound...]
    }
    return nil
  }
}

extension Integration {
  @Suite("README's examples are found")
  struct READMEExamplesTests {
    @Test("a marked block is a script with expectations, other blocks are not")
    func parsing() {
      let text = "a\n```sh rest\ncurl x\n#> one\n```\n```sh\ncurl y\n```\n"
      let blocks = READMEExamples(parsing: text).blocks
      #expect(blocks.map(\.script) == ["curl x\n"])
      #expect(blocks.map(\.expected) == [["one"]])
    }

    @Test("expectations are held to their order")
    func order() {
      #expect(READMEExamples.firstMissing(["a", "b"], in: "xaxbx") == nil)
      #expect(READMEExamples.firstMissing(["b", "a"], in: "xaxbx") == "a")
    }
  }
}
