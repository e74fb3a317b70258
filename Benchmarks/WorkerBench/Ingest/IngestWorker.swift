// A worker that loads from an origin: jobs submitted over its REST port, pages dropped over its web port.

import BenchSupport
import DaemonDriver
import Glibc

/// A running penstockd with one mount.
final class IngestWorker {
  private let daemon: DaemonProcess

  /// Starts a worker with `mount` as on its command line, and waits until its memory is resident.
  init(_ executable: String, mount: String, settings: [String]) throws {
    daemon = try DaemonProcess(
      executable, ports: .free(), options: ["--mount", mount] + settings, limit: .seconds(60))
    try daemon.waitUntilPrepared()
  }

  /// The port that serves objects.
  var objectPort: UInt16 { daemon.ports.object }

  /// A line of the process's status, such as `Threads` or `VmRSS` in KiB.
  func status(_ field: String) -> Int { ProcessFacts.kibibytes(field, of: daemon.process.pid) }

  /// Drops everything below `path`, then loads it and waits until the job succeeds.
  ///
  /// With `untilSaved` also until every page is on disk.
  func load(_ path: String, items: Int = 1, untilSaved: Bool = false) throws -> IngestSample {
    try load(path, items: items, untilSaved: untilSaved) {}
  }

  /// As above, with an eye on the process.
  func load(_ path: String, items: Int, watch: inout IngestWatch) throws -> IngestSample {
    var next = ContinuousClock.now
    return try load(path, items: items, untilSaved: false) {
      guard ContinuousClock.now >= next else { return }
      watch.note(threads: status("Threads"), resident: status("VmRSS"))
      next = ContinuousClock.now + .milliseconds(100)
    }
  }

  private func load(
    _ path: String, items: Int, untilSaved: Bool, whileRunning look: () -> Void
  ) throws -> IngestSample {
    try free(path)
    // Of its own: while others had their turn the worker would have closed an idle one.
    let rest = try HTTPConnection(port: daemon.ports.rest, seconds: 600)
    let cpu = ProcessFacts.cpuSeconds(daemon.process.pid)
    let start = ContinuousClock.now
    let submitted = try ask(rest, "submit", path)
    guard submitted.contains("\"success\":true") else {
      throw DriverError.program("load of \(path): \(submitted)")
    }
    var report = ""
    while true {
      report = try ask(rest, "progress", path)
      let state = textValue("jobState", in: report) ?? "unknown"
      if state == "SUCCEEDED" { break }
      guard state == "RUNNING" || state == "VERIFYING" else {
        throw DriverError.program("load \(state): \(report)\n\(daemon.logText.suffix(2000))")
      }
      look()
      // Often enough for a per cent, seldom enough to cost the worker nothing.
      usleep(5_000)
    }
    while untilSaved, try daemon.metric("penstock_unsaved_pages") ?? 0 > 0 { usleep(2_000) }
    var sample = IngestSample()
    sample.seconds = seconds(ContinuousClock.now - start)
    sample.cpuSeconds = ProcessFacts.cpuSeconds(daemon.process.pid) - cpu
    sample.bytes = LoadFigures(report).loaded
    sample.items = items
    return sample
  }

  /// Bytes of memory that it says it takes besides pages, at most.
  func overhead() throws -> Int {
    let name = "penstock_memory_overhead_max_bytes"
    guard let bytes = try daemon.metric(name) else {
      throw DriverError.program("the worker has no metric \(name)")
    }
    return Int(bytes)
  }

  /// Reads an object through the worker and compares it with `bytes`.
  func verify(_ target: String, bytes: [UInt8]) throws {
    let connection = try HTTPConnection(port: objectPort, seconds: 60)
    let reply = try connection.request("GET", target)
    guard reply.status == 200, reply.body == bytes else {
      throw DriverError.program("GET \(target): \(reply.status), \(reply.body.count) bytes")
    }
  }

  /// Reads an object through the worker and compares it with a file.
  func verify(_ target: String, against path: String) throws {
    let connection = try HTTPConnection(port: objectPort, seconds: 600)
    try connection.sendRequest("GET", target)
    let response = try connection.receiveHead()
    guard response.status == 200 else {
      throw DriverError.program("GET \(target): \(response.status)")
    }
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw DriverError.program("open \(path): \(errno)") }
    defer { close(file) }
    var expected = [UInt8](repeating: 0, count: 4 << 20)
    var (offset, isSame) = (0, true)
    unsafe try connection.receiveBody(of: response) { part in
      let count = unsafe pread(file, &expected, part.count, off_t(offset))
      isSame = isSame && count == part.count
      if let base = part.baseAddress {
        isSame = unsafe isSame && memcmp(expected, base, part.count) == 0
      }
      offset += part.count
    }
    guard isSame, unsafe pread(file, &expected, 1, off_t(offset)) == 0 else {
      throw DriverError.program("\(target) differs from its origin within \(offset) bytes")
    }
  }

  private func free(_ path: String) throws {
    let web = try HTTPConnection(port: daemon.ports.web, seconds: 600)
    let body = "{\"path\":\"\(path)\",\"force\":\"true\"}"
    let reply = try web.request(
      "POST", "/v1/cache/free", headers: [("Content-Type", "application/json")],
      body: Array(body.utf8))
    // Nothing is cached before the first load.
    guard reply.status == 200 || reply.status == 404 else {
      throw DriverError.program("free \(path): \(reply.status) \(reply.text)")
    }
  }

  private func ask(_ rest: HTTPConnection, _ operation: String, _ path: String) throws -> String {
    let reply = try rest.request(
      "GET",
      "/v1/load?path=\(percentEncoded(path: path))&opType=\(operation)&progressFormat=JSON")
    guard reply.status == 200 else {
      throw DriverError.program("load \(operation): \(reply.status) \(reply.text)")
    }
    return reply.text
  }
}
