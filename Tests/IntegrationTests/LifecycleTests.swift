// Starting, stopping and refusing to start.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("The daemon's life")
  struct LifecycleTests {
    @Test("a taken port is one clear line with its number, and a failure")
    func portTaken() async throws {
      try await blocking {
        let ports = try DaemonPorts.free()
        for port in [ports.rest, ports.object, ports.web] {
          let holder = try PortHolder(port: port, listening: true)
          let run = try start(ports, [])
          #expect(run.status != .code(0))
          #expect(lastLine(run).contains("\(holder.port)"), "\(run.errors)")
        }
      }
    }

    @Test("who is told that it is ready can stop it at once, in good order")
    func stopWhenReady() async throws {
      try await blocking {
        for options in [[], ["--coordinator"]] {
          for _ in 0..<5 {
            let web = try DaemonPorts.free()
            let daemon = try DaemonProcess(
              Binaries.penstockd, ports: .free(),
              options: options + [
                "-Dalluxio.coordinator.web.port=\(web.web)",
                "-Dalluxio.coordinator.rpc.port=\(web.rest)",
              ], pollsBusily: true)
            #expect(daemon.process.stop(within: .seconds(20)) == .code(0), "\(daemon.logText)")
          }
        }
      }
    }

    @Test("a fault has last words in the log and ends the process as it would have")
    func faults() async throws {
      try await blocking {
        for (number, name) in [(SIGSEGV, "SIGSEGV"), (SIGABRT, "SIGABRT")] {
          // Where a toolchain is installed its own backtracer would be first.
          let daemon = try DaemonProcess(
            Binaries.penstockd, ports: .free(), options: [],
            variables: ["SWIFT_BACKTRACE": "enable=no"])
          daemon.process.signal(number)
          #expect(daemon.process.wait(.seconds(20)) == .signal(number))
          #expect(
            daemon.logText.contains("penstockd: ended by a fault, signal \(number) (\(name))"),
            "\(daemon.logText)")
          #expect(daemon.logText.contains("penstockd("), "the frames")
        }
      }
    }

    @Test("a mount of a folder that is not there is one clear line, and a failure")
    func missingFolder() async throws {
      try await blocking {
        let run = try start(.free(), ["--mount", "/data=file:///nowhere/at-all"])
        #expect(run.status != .code(0) && run.status != nil)
        #expect(lastLine(run).contains("/nowhere/at-all"), "\(run.errors)")
      }
    }

    @Test("memory that the machine does not have is refused at the start")
    func tooMuchMemory() async throws {
      try await blocking {
        let run = try start(
          .free(),
          ["-Dalluxio.worker.page.store.type=MEM", "-Dalluxio.worker.page.store.sizes=100TB"])
        #expect(run.status != .code(0) && run.status != nil)
        #expect(
          lastLine(run).contains("memory") || lastLine(run).contains("sizes"), "\(run.errors)")
      }
    }

    @Test(
      "memory beyond the control group's limit is refused at the start",
      .enabled(if: Cgroup.isUsable))
    func memoryBeyondTheCgroup() async throws {
      try await blocking {
        let group = try Cgroup(limit: 256 << 20)
        let run = try start(
          .free(),
          ["-Dalluxio.worker.page.store.type=MEM", "-Dalluxio.worker.page.store.sizes=1GB"],
          prefix: group.prefix)
        #expect(run.status != .code(0) && run.status != nil)
        #expect(
          lastLine(run).contains("memory") || lastLine(run).contains("cgroup"), "\(run.errors)")
      }
    }

    @Test("a bad value names its key, the value and what is accepted")
    func badValue() async throws {
      try await blocking {
        let run = try start(.free(), ["-Dalluxio.worker.page.store.sizes=banana"])
        #expect(run.status != .code(0) && run.status != nil)
        #expect(run.errors.contains("alluxio.worker.page.store.sizes"), "\(run.errors)")
        #expect(run.errors.contains("banana"), "\(run.errors)")
      }
    }

    @Test("an unknown key is a warning that names the nearest known one")
    func unknownKey() async throws {
      try await blocking {
        let fixture = try Fixture(options: ["-Dalluxio.worker.page.store.sizs=1GB"])
        #expect(fixture.daemon.logText.contains("alluxio.worker.page.store.sizs"))
        #expect(fixture.daemon.logText.contains("alluxio.worker.page.store.sizes"))
        fixture.expectAlive()
      }
    }

    @Test("SIGTERM lets a slow reader finish, refuses new connections and ends with 0")
    func drain() async throws {
      try await blocking {
        let content = patterned(64 << 20, seed: 5)
        let fixture = try Fixture { try writeBytes(content, to: "\($0)/file") }
        let connection = try fixture.objects()
        try connection.sendRequest("GET", "/data/file")
        let response = try connection.receiveHead()
        fixture.daemon.process.signal(SIGTERM)
        let refuses = eventually {
          (try? HTTPConnection(port: fixture.daemon.ports.object, seconds: 1)) == nil
        }
        #expect(refuses)
        #expect(fixture.daemon.process.isRunning)
        var body: [UInt8] = []
        try connection.receiveBody(of: response) { body.append(contentsOf: $0) }
        #expect(identical(body, content))
        #expect(fixture.daemon.process.wait(.seconds(10)) == .code(0))
      }
    }

    @Test("SIGTERM without requests ends with 0 at once, idle connections or not")
    func stopsAtOnce() async throws {
      try await blocking {
        let fixture = try Fixture()
        let idle = try fixture.rest()
        #expect(try idle.request("GET", "/v1/health").status == 200)
        let start = ContinuousClock.now
        #expect(fixture.daemon.process.stop() == .code(0))
        #expect(ContinuousClock.now - start < .seconds(3))
      }
    }

    @Test("SIGHUP reads the log level again")
    func reloadsLogLevel() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("conf")
        let file = scratch.path("penstock-site.properties")
        try writeBytes(Array("alluxio.worker.log.level=ERROR\n".utf8), to: file)
        let fixture = try Fixture(options: ["--conf", scratch.path])
        try writeBytes(Array("alluxio.worker.log.level=DEBUG\n".utf8), to: file)
        let before = fixture.daemon.logText
        fixture.daemon.process.signal(SIGHUP)
        let isHeard = try eventually {
          _ = try fixture.rest().request("GET", "/v1/none")
          return fixture.daemon.logText.count > before.count
        }
        #expect(isHeard, "\(fixture.daemon.logText)")
        fixture.expectAlive()
      }
    }

    @Test("an idle daemon uses less than 1 % of a CPU")
    func idle() async throws {
      try await blocking {
        let fixture = try Fixture()
        #expect(try fixture.rest().request("GET", "/v1/health").status == 200)
        let before = ProcessFacts.cpuSeconds(fixture.daemon.process.pid)
        #expect(fixture.daemon.process.wait(.seconds(3)) == nil)
        #expect(ProcessFacts.cpuSeconds(fixture.daemon.process.pid) - before <= 0.03)
      }
    }

    @Test("a client that goes away in the middle of a body costs nothing")
    func clientGoesAway() async throws {
      try await blocking {
        let fixture = try Fixture {
          try writeBytes(Array(repeating: 1, count: 32 << 20), to: "\($0)/file")
        }
        // What may stay open is the file itself, once for each ring.
        let before = ProcessFacts.descriptorCount(fixture.daemon.process.pid) + 8
        for _ in 0..<50 {
          let connection = try fixture.objects()
          try connection.sendRequest("GET", "/data/file")
          _ = try connection.receiveHead()
        }
        let isClosed = eventually {
          ProcessFacts.descriptorCount(fixture.daemon.process.pid) <= before
        }
        #expect(isClosed)
        #expect(try fixture.objects().request("GET", "/data/file").body.count == 32 << 20)
        fixture.expectAlive()
      }
    }

    /// Runs a daemon that is expected to end by itself.
    private func start(
      _ ports: DaemonPorts, _ options: [String], prefix: [String] = []
    ) throws -> CommandRun {
      let scratch = try ScratchDirectory("life")
      return try CommandRun(
        prefix + [Binaries.penstockd] + DaemonProcess.options(ports, work: scratch.path) + options,
        limit: .seconds(20))
    }

    private func lastLine(_ run: CommandRun) -> String {
      run.errors.split(separator: "\n").last.map(String.init) ?? ""
    }
  }
}

/// A memory control group of this test, version 1 or 2, where we may make one.
final class Cgroup {
  private let folder: String

  private static var parent: String? {
    ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"].first { folder in
      let limit = folder.hasSuffix("memory") ? "memory.limit_in_bytes" : "cgroup.subtree_control"
      guard let text = try? readText("\(folder)/\(limit)") else { return false }
      let hasMemory = folder.hasSuffix("memory") || text.contains("memory")
      return hasMemory && FileManager.default.isWritableFile(atPath: "\(folder)/cgroup.procs")
    }
  }

  /// Whether control groups can be made here.
  static var isUsable: Bool { parent != nil }

  init(limit: Int) throws {
    guard let parent = Cgroup.parent else { throw DriverError.program("no writable cgroup") }
    folder = "\(parent)/penstock-test-\(ProcessInfo.processInfo.processIdentifier)"
    try makeDirectories(folder)
    let file = parent.hasSuffix("memory") ? "memory.limit_in_bytes" : "memory.max"
    try Data("\(limit)".utf8).write(to: URL(filePath: "\(folder)/\(file)"))
  }

  deinit { rmdir(folder) }

  /// Puts the command that follows into the group.
  var prefix: [String] {
    ["bash", "-c", "echo $$ > \(folder)/cgroup.procs && exec \"$@\"", "cgroup"]
  }
}
