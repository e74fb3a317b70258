// A coordinator and workers, each a process of its own, for tests of the job service.

import DaemonDriver
import Foundation
import Glibc
import Testing

/// A coordinator without a worker, and two workers that have joined it.
final class JobCluster {
  let scratch: ScratchDirectory
  let web: UInt16
  let rpc: UInt16
  private(set) var coordinator: ChildProcess
  var workers: [DaemonProcess] = []
  private let storage: [String]
  private let mount: [String]
  private let variables: [String: String]
  private let workerOptions: [String]
  private let command: [String]

  /// Starts the processes once `prepare` has filled the folder behind `/data`.
  ///
  /// `storage` are the workers' cache options, in which NAME is a worker's folder; `mount` is a mount beside `/data`;
  /// `options` are the coordinator's.
  init(
    storage: [String] = Fixture.memory, mount: String? = nil, variables: [String: String] = [:],
    options: [String] = [], workerOptions: [String] = [],
    prepare: (String) throws -> Void = { _ in }
  ) throws {
    self.storage = storage
    self.variables = variables
    self.workerOptions = workerOptions
    scratch = try ScratchDirectory("cluster")
    try makeDirectories(scratch.path("data"))
    try prepare(scratch.path("data"))
    let ports = try DaemonPorts.free()
    (web, rpc) = (ports.web, ports.rest)
    self.mount =
      ["--mount", "/data=file://\(scratch.path("data"))"] + (mount.map { ["--mount", $0] } ?? [])
    command =
      [
        Binaries.penstockd, "--coordinator", "--no-worker",
        "-Dalluxio.work.dir=\(scratch.path("work"))", "-Dalluxio.coordinator.web.port=\(web)",
        "-Dalluxio.coordinator.rpc.port=\(rpc)", "-Dalluxio.worker.bind.host=127.0.0.1",
        "-Dalluxio.worker.web.bind.host=127.0.0.1", "-Dalluxio.master.worker.timeout=1s",
        "-Dalluxio.coordinator.scheduler.initial.wait.time=0s",
      ] + self.mount + options
    coordinator = try ChildProcess(
      command, output: scratch.path("log"), errors: scratch.path("log"), variables: variables)
    // The workers wait for the coordinator, whichever is first.
    for number in 0..<2 { workers.append(try start("\(number)")) }
  }

  /// Starts a worker whose state is kept under a name.
  func start(_ name: String, options: [String]? = nil) throws -> DaemonProcess {
    try makeDirectories(scratch.path("worker-\(name)"))
    return try DaemonProcess(
      Binaries.penstockd, ports: try .free(),
      options: mount + [
        "-Dalluxio.coordinator.hostname=127.0.0.1", "-Dalluxio.coordinator.rpc.port=\(rpc)",
        "-Dalluxio.coordinator.web.port=\(web)",
        "-Dalluxio.worker.rpc.port=\(try PortHolder().port)",
        "-Dalluxio.work.dir=\(scratch.path("worker-\(name)"))",
      ] + storage.map { $0.replacingOccurrences(of: "NAME", with: scratch.path("worker-\(name)")) }
        + (options ?? workerOptions),
      variables: variables)
  }

  /// The nodes as REST tells them: workers by the ports of their gRPC, and coordinators.
  func nodes() throws -> (workers: [[String: Any]], coordinators: [[String: Any]]) {
    let answer = try HTTPConnection(port: web).request("GET", "/api/v1/nodes")
    #expect(answer.status == 200, "\(answer.text)")
    let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any] ?? [:]
    return (
      object["workers"] as? [[String: Any]] ?? [], object["coordinators"] as? [[String: Any]] ?? []
    )
  }

  var log: String { (try? readText(scratch.path("log"))) ?? "" }

  func run(_ arguments: String...) throws -> CommandRun {
    try CommandRun(
      [Binaries.penstock] + arguments + ["--coordinator", "127.0.0.1:\(web)"])
  }

  /// How many workers are in `state`.
  func count(_ state: String) throws -> Int {
    try run("info", "nodes").output.split(separator: "\n").count {
      $0.hasPrefix("worker  ") && $0.contains("  \(state)  ")
    }
  }

  func report(_ path: String) throws -> [String] {
    try run("job", "load", "--path", path, "--progress").output.split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// Kills a worker, and starts it again on its state.
  func restart(_ place: Int) throws {
    workers[place].process.signal(SIGKILL)
    _ = workers[place].process.wait(.seconds(10))
    workers[place] = try start("\(place)")
  }

  /// Kills the coordinator, and starts it again on its state.
  func restartCoordinator() throws {
    coordinator.signal(SIGKILL)
    _ = coordinator.wait(.seconds(10))
    coordinator = try ChildProcess(
      command, output: scratch.path("log"), errors: scratch.path("log"), variables: variables)
    let isThere = eventually { isReady(web) }
    #expect(isThere, "\(log.suffix(2000))")
  }

  /// Submits a slow load of a folder once both workers are there, and waits until so many files are done.
  func submit(_ name: String, processed: Int, bandwidth: String = "3MB") throws -> String {
    let haveJoined = try eventually { try count("ONLINE") == workers.count }
    #expect(haveJoined, "\(log)")
    let path = "file://\(scratch.path("data"))/\(name)"
    let submitted = try run(
      "job", "load", "--path", path, "--submit", "--bandwidth", bandwidth, "--batch-size", "20")
    #expect(submitted.succeeded, "\(submitted.errors)")
    let isUnderWay = try eventually {
      JobFixture.count("Inodes Processed", in: try report(path)) ?? 0 >= processed
    }
    #expect(isUnderWay, "\(log.suffix(2000))")
    return path
  }

  /// Waits until a load has ended; returns its report.
  func waitForEnd(_ path: String, limit: Duration = .seconds(90)) throws -> [String] {
    var lines: [String] = []
    let hasEnded = try eventually(limit) {
      lines = try report(path)
      return lines.contains { $0.hasPrefix("Job State: SUCC") || $0.hasPrefix("Job State: F") }
    }
    #expect(hasEnded, "\(lines) \(log.suffix(3000))")
    return lines
  }

  /// Bytes that the workers that run have read from the source.
  func bytesRead() throws -> Int {
    try workers.filter(\.process.isRunning).reduce(0) {
      $0 + Int(try $1.metric("alluxio_external_data_read_bytes_total") ?? 0)
    }
  }

  /// A job's exact counts by a query that names it; nil while the coordinator does not know it.
  func counts(_ query: String, of type: String = "load") throws -> JobCounts? {
    let answer = try HTTPConnection(port: web).request(
      "GET", "/api/v1/master/job_counts/\(type)\(query)")
    return answer.status == 200 ? try JobCounts(answer.body) : nil
  }

  /// The files below an Alluxio path that a worker holds whole, by their last component.
  func held(by place: Int, size: Int, below path: String) throws -> Set<String> {
    let run = try CommandRun([
      Binaries.penstock, "cache", "ls", path, "--limit", "0", "--json",
      "--worker", "127.0.0.1:\(workers[place].ports.web)",
    ])
    #expect(run.succeeded, "\(run.errors)")
    let whole = run.output.split(separator: "\n").filter {
      $0.contains("\"cachedBytes\":\(size),") || $0.contains("\"cachedBytes\":\(size)}")
    }
    return Set(
      whole.compactMap { line in
        line.firstRange(of: "\"path\":\"").flatMap { start in
          line[start.upperBound...].prefix { $0 != "\"" }.split(separator: "/").last
        }.map(String.init)
      })
  }

  /// Expects every file that `JobFixture.fill` made in a cache, its bytes right and read from there.
  func expectCached(
    count: Int, size: Int, workers places: [Int], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try expectCached(
      (0..<count).map { ("/data/set/d\($0 / 100)/f\($0)", patterned(size, seed: $0)) },
      below: "/data/set", workers: places, sourceLocation: sourceLocation)
  }

  /// Expects files of one size in a cache, their bytes right and read from there.
  func expectCached(
    _ files: [(path: String, bytes: [UInt8])], below folder: String, workers places: [Int],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let size = files.first?.bytes.count ?? 0
    let held = try places.map { try self.held(by: $0, size: size, below: folder) }
    let connections = try places.map { try HTTPConnection(port: workers[$0].ports.object) }
    var before = try bytesRead()
    var missing: [String] = []
    // A killed worker may have pages that its list of files does not name: those are looked for by reading, after the others.
    var unlisted: [(path: String, bytes: [UInt8])] = []
    for (path, bytes) in files {
      let name = String(path.split(separator: "/").last ?? "")
      guard let holder = held.firstIndex(where: { $0.contains(name) }) else {
        unlisted.append((path, bytes))
        continue
      }
      let response = try connections[holder].request("GET", path)
      #expect(identical(response.body, bytes), "\(path)", sourceLocation: sourceLocation)
    }
    #expect(try bytesRead() == before, sourceLocation: sourceLocation)
    for (path, bytes) in unlisted {
      var isFound = false
      for connection in connections where !isFound {
        before = try bytesRead()
        let response = try connection.request("GET", path)
        #expect(identical(response.body, bytes), "\(path)", sourceLocation: sourceLocation)
        isFound = try bytesRead() == before
      }
      if !isFound { missing.append(path) }
    }
    #expect(missing == [], "\(log.suffix(3000))", sourceLocation: sourceLocation)
  }
}

/// A job's counts as its coordinator tells them.
struct JobCounts {
  let state: String
  let files: [String: Int]
  let bytes: [String: Int]
  let failure: String?
  let elapsed: Int

  /// The counts of an answer.
  init(_ body: [UInt8]) throws {
    let object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
    state = object["jobState"] as? String ?? ""
    files = object["files"] as? [String: Int] ?? [:]
    bytes = object["bytes"] as? [String: Int] ?? [:]
    failure = object["failure"] as? String
    elapsed = object["elapsedMilliseconds"] as? Int ?? -1
  }

  var listed: Int { files["listed"] ?? -1 }
  var loaded: Int { files["loaded"] ?? -1 }
  var failed: Int { files["failed"] ?? -1 }
  var skipped: Int { files["skipped"] ?? -1 }
  var settled: Int { loaded + failed + skipped }
  var hasEnded: Bool { ["SUCCEEDED", "FAILED", "STOPPED"].contains(state) }

  /// listed = loaded + skipped + failed + in flight, in files and in bytes, and nothing negative.
  var isExact: Bool {
    [files, bytes].allSatisfy { part in
      part.values.allSatisfy { $0 >= 0 }
        && part["listed"]
          == ["loaded", "skipped", "failed", "inFlight"].reduce(0) { $0 + (part[$1] ?? 0) }
    }
  }
}
