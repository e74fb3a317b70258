// The job service as processes: a daemon with a coordinator, and the command.

import DaemonDriver
import Foundation
import Glibc
import Testing

/// A daemon with a coordinator, whose state outlives it.
final class JobFixture {
  let scratch: ScratchDirectory
  let web: UInt16
  /// Port of gRPC.
  let rpc: UInt16
  private let options: [String]
  private(set) var daemon: DaemonProcess

  /// Starts the daemon once `prepare` has filled the folder behind `/data`.
  init(
    options: [String] = [], variables: [String: String] = [:], ports: DaemonPorts? = nil,
    prepare: (String) throws -> Void
  ) throws {
    scratch = try ScratchDirectory("jobs")
    for name in ["data", "work"] { try makeDirectories(scratch.path(name)) }
    try prepare(scratch.path("data"))
    web = try PortHolder().port
    rpc = try PortHolder().port
    self.options =
      [
        "--coordinator", "--mount", "/data=file://\(scratch.path("data"))",
        "-Dalluxio.work.dir=\(scratch.path("work"))", "-Dalluxio.coordinator.web.port=\(web)",
        "-Dalluxio.coordinator.rpc.port=\(rpc)",
        "-Dalluxio.worker.bind.host=127.0.0.1",
        "-Dalluxio.coordinator.scheduler.initial.wait.time=0s",
      ] + Fixture.memory + options
    daemon = try DaemonProcess(
      Binaries.penstockd, ports: try ports ?? .free(), options: self.options, variables: variables)
  }

  /// Kills the daemon, and starts it again on its state.
  func crash() throws {
    daemon.process.signal(SIGKILL)
    _ = daemon.process.wait(.seconds(10))
    daemon = try DaemonProcess(Binaries.penstockd, ports: try .free(), options: options)
  }

  /// The source path of a file of the folder.
  func source(_ name: String) -> String { "file://\(scratch.path("data"))/\(name)" }

  /// Runs `penstock job` with `arguments`.
  func job(_ arguments: String...) throws -> CommandRun {
    try CommandRun(
      [Binaries.penstock, "job"] + arguments + ["--coordinator", "127.0.0.1:\(web)"])
  }

  /// The lines of a load's report; empty when there is none.
  func report(_ path: String) throws -> [String] {
    let run = try job("load", "--path", path, "--progress")
    return run.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// Waits until a load is in one of `states`; returns its report.
  func wait(
    _ path: String, for states: String..., limit: Duration = .seconds(60)
  ) throws -> [String] {
    var lines: [String] = []
    let isThere = try eventually(limit) {
      lines = try report(path)
      return lines.contains { line in states.contains { line.hasPrefix("Job State: \($0)") } }
    }
    #expect(isThere, "\(lines) \(daemon.logText.suffix(3000))")
    return lines
  }

  /// A number of a report's line.
  static func count(_ name: String, in lines: [String]) -> Int? {
    lines.first { $0.hasPrefix("\(name): ") }.flatMap { Int($0.dropFirst(name.count + 2)) }
  }

  /// Makes `count` files of `size` bytes in `folder`, spread over directories of a hundred.
  static func fill(_ folder: String, count: Int, size: Int) throws {
    for index in 0..<count {
      let directory = "\(folder)/d\(index / 100)"
      if index % 100 == 0 { try makeDirectories(directory) }
      try writeBytes(patterned(size, seed: index), to: "\(directory)/f\(index)")
    }
  }
}

extension Integration {
  @Suite("Jobs")
  struct JobTests {
    @Test("a load of a directory succeeds with exact counts, and every byte is in the cache")
    func load() async throws {
      try await blocking {
        let fixture = try JobFixture {
          try JobFixture.fill("\($0)/set", count: 450, size: 10_000)
          try writeBytes([], to: "\($0)/set/empty")
        }
        let path = fixture.source("set")
        let missing = try fixture.job("load", "--path", path, "--progress")
        #expect(missing.status == .code(254))
        #expect(missing.output == "Load for path '\(path)' cannot be found.\n")
        let submitted = try fixture.job("load", "--path", path, "--submit")
        #expect(submitted.succeeded, "\(submitted.errors)")
        #expect(
          submitted.output.hasPrefix("Load '\(path)' is successfully submitted. JobId: "),
          "\(submitted.output)")
        let lines = try fixture.wait(path, for: "SUCCEEDED", "FAILED")
        #expect(lines.first == "Progress for loading path '\(path)':")
        #expect(lines.contains("Job State: SUCCEEDED"), "\(lines)")
        #expect(JobFixture.count("Inodes Scanned", in: lines) == 451)
        #expect(JobFixture.count("Inodes Processed", in: lines) == 451)
        #expect(JobFixture.count("Files Failed", in: lines) == 0)
        #expect(lines.contains("Bytes Loaded: 4394.53KB out of 4394.53KB"), "\(lines)")
        let before = try fixture.daemon.metric("alluxio_external_data_read_bytes_total") ?? 0
        #expect(before == 4_500_000)
        for index in [0, 99, 100, 449] {
          let response = try HTTPConnection(port: fixture.daemon.ports.object)
            .request("GET", "/data/set/d\(index / 100)/f\(index)")
          #expect(identical(response.body, patterned(10_000, seed: index)))
        }
        #expect(try fixture.daemon.metric("alluxio_external_data_read_bytes_total") == before)
        let list = try fixture.job("list", "--job-type", "LOAD", "--job-state", "SUCCEEDED")
        #expect(list.output.contains(path) && list.succeeded, "\(list.output)\(list.errors)")
        let again = try fixture.job("load", "--path", path, "--stop")
        #expect(
          again.output
            == "Cannot find load job for path \(path), it might have already been stopped or finished\n"
        )
      }
    }

    @Test("clients of the worker's own port find the coordinator's jobs, and the other way round")
    func workerPort() async throws {
      try await blocking {
        let fixture = try JobFixture { try JobFixture.fill($0, count: 5, size: 1000) }
        let path = fixture.source("d0")
        func load(_ operation: String) throws -> HTTPResponse {
          try HTTPConnection(port: fixture.daemon.ports.rest).request(
            "GET", "/v1/load?path=\(path)&opType=\(operation)")
        }
        #expect(try load("progress").status == 404)
        #expect(try load("submit").text.contains("successfully submitted"))
        let lines = try fixture.wait(path, for: "SUCCEEDED")
        #expect(JobFixture.count("Inodes Processed", in: lines) == 5)
        #expect(try load("progress").text.contains("SUCCEEDED"))
        #expect(try load("stop").text.contains("\"success\":false"))
      }
    }

    @Test("a coordinator that is killed while it loads goes on where it was, and counts exactly")
    func crash() async throws {
      try await blocking {
        let fixture = try JobFixture { try JobFixture.fill("\($0)/set", count: 600, size: 16_000) }
        let path = fixture.source("set")
        let submitted = try fixture.job(
          "load", "--path", path, "--submit", "--bandwidth", "3MB", "--batch-size", "20")
        #expect(submitted.succeeded, "\(submitted.errors)")
        let isUnderWay = try eventually {
          JobFixture.count("Inodes Processed", in: try fixture.report(path)) ?? 0 >= 60
        }
        #expect(isUnderWay, "\(fixture.daemon.logText.suffix(2000))")
        try fixture.crash()
        let resumed = try fixture.report(path)
        #expect(resumed.contains { $0.hasPrefix("Job State: RUNNING") }, "\(resumed)")
        #expect(JobFixture.count("Inodes Processed", in: resumed) ?? 0 > 0, "\(resumed)")
        let lines = try fixture.wait(path, for: "SUCCEEDED", "FAILED")
        #expect(lines.contains("Job State: SUCCEEDED"), "\(lines)")
        #expect(JobFixture.count("Inodes Scanned", in: lines) == 600)
        #expect(JobFixture.count("Inodes Processed", in: lines) == 600)
        #expect(lines.contains("Bytes Loaded: 9.16MB out of 9.16MB"), "\(lines)")
        // The cache in memory went with the process: the rest was loaded, then what had been counted, each file once.
        let read = try fixture.daemon.metric("alluxio_external_data_read_bytes_total") ?? 0
        #expect(read == 9_600_000)
        #expect(fixture.daemon.logText.contains("job verifies"))
      }
    }

    @Test("a load that is stopped asks for nothing more, and says so")
    func stop() async throws {
      try await blocking {
        let fixture = try JobFixture { try JobFixture.fill("\($0)/set", count: 50, size: 100_000) }
        let path = fixture.source("set")
        _ = try fixture.job("load", "--path", path, "--submit", "--bandwidth", "100KB")
        _ = try fixture.wait(path, for: "RUNNING")
        let repeated = try fixture.job("load", "--path", path, "--submit")
        #expect(repeated.output == "Load already running for path '\(path)' \n")
        #expect(repeated.succeeded)
        let stopped = try fixture.job("load", "--path", path, "--stop")
        #expect(stopped.output == "Load '\(path)' is successfully stopped.\n", "\(stopped.errors)")
        let lines = try fixture.wait(path, for: "STOPPED")
        #expect(JobFixture.count("Files Failed", in: lines) == 0)
        let quiet = try eventually {
          try readMetric("penstock_tasks", port: fixture.web) == 0
        }
        #expect(quiet)
        #expect(try fixture.job("load", "--path", path, "--submit").succeeded)
        #expect(try fixture.wait(path, for: "SUCCEEDED").contains("Files Failed: 0"))
      }
    }

    @Test("files that cannot be loaded fail the job by name, and only they do")
    func poisoned() async throws {
      try await blocking {
        let fixture = try JobFixture {
          try JobFixture.fill("\($0)/set", count: 20, size: 1000)
          // Larger than the cache.
          #expect(truncate("\($0)/set/d0/f3", 1 << 30) == 0)
        }
        let path = fixture.source("set")
        _ = try fixture.job("load", "--path", path, "--submit")
        _ = try fixture.wait(path, for: "FAILED")
        var lines: [String] = []
        let isSaved = try eventually {
          lines = try fixture.report(path)
          return lines.contains { $0.hasPrefix("Failed files saved to: ") }
        }
        #expect(isSaved, "\(lines)")
        #expect(lines.contains("Job State: FAILED (JobFailed: Job partially failed.)"), "\(lines)")
        #expect(JobFixture.count("Files Failed", in: lines) == 1)
        #expect(JobFixture.count("Inodes Processed", in: lines) == 20)
        let file = lines.compactMap { line in
          line.hasPrefix("Failed files saved to: ") ? String(line.dropFirst(23)) : nil
        }.first
        let text = try readText(file ?? "")
        #expect(text.hasPrefix("\(path)/d0/f3\t"), "\(text)")
        #expect(text.split(separator: "\n").count == 1)
      }
    }

    @Test("jobs wait beyond the capacity, are refused beyond the queue, and all run in the end")
    func queue() async throws {
      try await blocking {
        let fixture = try JobFixture(options: [
          "-Dalluxio.coordinator.scheduler.running.job.capacity=1",
          "-Dalluxio.coordinator.scheduler.waiting.job.capacity=300",
        ]) { folder in
          try JobFixture.fill("\(folder)/slow", count: 10, size: 1_000_000)
          for index in 0..<301 { try makeDirectories("\(folder)/q\(index)") }
        }
        let slow = fixture.source("slow")
        _ = try fixture.job("load", "--path", slow, "--submit", "--bandwidth", "100KB")
        _ = try fixture.wait(slow, for: "RUNNING")
        let connection = try HTTPConnection(port: fixture.web)
        var answers: [Int] = []
        for index in 0..<301 {
          let body = "{\"path\":\"\(fixture.source("q\(index)"))\"}"
          try connection.send(
            "POST /api/v1/master/submit_job/load HTTP/1.1\r\nHost: x\r\n"
              + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
          answers.append(try connection.receive().status)
        }
        #expect(answers.dropLast().allSatisfy { $0 == 200 }, "\(answers)")
        #expect(answers.last == 503)
        let waiting = try fixture.job("list", "--job-state", "WAITING")
        #expect(waiting.output.split(separator: "\n").count == 300, "\(waiting.errors)")
        #expect(try fixture.job("load", "--path", slow, "--stop").succeeded)
        let areDone = try eventually(.seconds(60)) {
          let ended = try fixture.job("list", "--job-state", "SUCCEEDED")
          return ended.output.split(separator: "\n").count == 300
        }
        #expect(areDone, "\(fixture.daemon.logText.suffix(2000))")
      }
    }

    @Test("a coordinator alone keeps jobs until a worker comes, and ends by its signal")
    func alone() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("alone")
        try makeDirectories(scratch.path("data"))
        let (web, rpc) = (try PortHolder().port, try PortHolder().port)
        let process = try ChildProcess(
          [
            Binaries.penstockd, "--coordinator", "--no-worker",
            "--mount", "/data=file://\(scratch.path("data"))",
            "-Dalluxio.work.dir=\(scratch.path("work"))", "-Dalluxio.coordinator.web.port=\(web)",
            "-Dalluxio.worker.web.bind.host=127.0.0.1", "-Dalluxio.worker.bind.host=127.0.0.1",
            "-Dalluxio.coordinator.rpc.port=\(rpc)",
          ], output: scratch.path("log"), errors: scratch.path("log"))
        let hasStarted = eventually { isReady(web) }
        let log = try readText(scratch.path("log"))
        #expect(hasStarted, "\(log)")
        let isTold = try eventually {
          let line = try readText(scratch.path("log"))
          return line.contains("rpc=127.0.0.1:\(rpc)") && line.contains("web=127.0.0.1:\(web)")
        }
        #expect(isTold)
        let run = try CommandRun([
          Binaries.penstock, "job", "load", "--path", "/data", "--submit",
          "-Dalluxio.coordinator.web.port=\(web)",
        ])
        #expect(run.output.hasPrefix("Load '/data' is successfully submitted."), "\(run.errors)")
        process.signal(SIGTERM)
        #expect(process.wait(.seconds(20)) == .code(0))
      }
    }
  }
}
