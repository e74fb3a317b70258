// penstockd as a child process on ports of loopback.

import Glibc

/// The three ports of a worker.
package struct DaemonPorts: Sendable {
  /// REST, objects, and metrics with health.
  package let rest: UInt16
  package let object: UInt16
  package let web: UInt16

  /// The ports that every client knows.
  package static let standard = DaemonPorts(rest: 28080, object: 29998, web: 30000)

  /// Ports that nobody listens on now.
  package static func free() throws(DriverError) -> DaemonPorts {
    // Held open together, so that they differ.
    let holders = [try PortHolder(), try PortHolder(), try PortHolder()]
    return DaemonPorts(rest: holders[0].port, object: holders[1].port, web: holders[2].port)
  }

  /// The first of the ports that somebody listens on.
  package var taken: UInt16? {
    [rest, object, web].first { (try? HTTPConnection(port: $0, seconds: 1)) != nil }
  }
}

/// A running penstockd with a work folder of its own.
package final class DaemonProcess {
  /// Where it listens.
  package let ports: DaemonPorts
  /// The process.
  package let process: ChildProcess
  /// Its log file.
  package let log: String
  private let scratch: ScratchDirectory

  /// Starts `executable` with `options` added and waits until it is ready.
  ///
  /// `prefix` goes before the command, such as `taskset -c 0`; `pollsBusily` asks without a pause; without `isWhole` it is
  /// enough that it answers, ready or not.
  package init(
    _ executable: String, ports: DaemonPorts, options: [String], prefix: [String] = [],
    variables: [String: String] = [:], limit: Duration = .seconds(20), pollsBusily: Bool = false,
    isWhole: Bool = true
  ) throws(DriverError) {
    self.ports = ports
    scratch = try ScratchDirectory("daemon")
    log = scratch.path("log")
    try makeDirectories(scratch.path("work"))
    process = try ChildProcess(
      prefix + [executable] + DaemonProcess.options(ports, work: scratch.path("work")) + options,
      output: log, errors: log, variables: variables)
    try waitUntilReady(
      limit, pause: pollsBusily ? .zero : .milliseconds(5), isWhole ? "/readyz" : "/healthz")
  }

  /// The settings that place a daemon on `ports` with its state below `work`.
  package static func options(_ ports: DaemonPorts, work: String) -> [String] {
    [
      "-Dalluxio.worker.http.server.port=\(ports.rest)",
      "-Dalluxio.worker.rest.port=\(ports.object)",
      "-Dalluxio.worker.web.port=\(ports.web)",
      "-Dalluxio.work.dir=\(work)",
      "-Dalluxio.worker.hostname=127.0.0.1",
      "-Dalluxio.worker.bind.host=127.0.0.1",
      "-Dalluxio.worker.web.bind.host=127.0.0.1",
    ]
  }

  /// Asks for `path` again and again until it is 200.
  private func waitUntilReady(
    _ limit: Duration, pause: Duration, _ path: String
  ) throws(DriverError) {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
      guard process.isRunning else {
        throw .program("penstockd ended with \(process.status?.description ?? "?"): \(logText)")
      }
      if isReady(ports.web, path), hasStarted { return }
      _ = process.wait(pause)
    }
    throw .program("penstockd was not ready in \(limit): \(logText)")
  }

  /// Whether the daemon obeys signals, ready or not.
  private var hasStarted: Bool {
    let answer = try? HTTPConnection(port: ports.web, seconds: 5).request("GET", "/readyz")
    return answer.map { !$0.text.contains("is starting") } ?? false
  }

  /// What the daemon logged so far.
  package var logText: String { (try? readText(log)) ?? "" }

  /// The value of a metric, its samples of all labels added up; nil when it is not exposed.
  package func metric(_ name: String) throws(DriverError) -> Double? {
    try readMetric(name, port: ports.web)
  }
}

/// Whether a worker whose web port is `port` says that it is ready, or what else `path` says.
package func isReady(_ port: UInt16, _ path: String = "/readyz") -> Bool {
  guard let connection = try? HTTPConnection(port: port, seconds: 5),
    let response = try? connection.request("GET", path)
  else { return false }
  return response.status == 200
}

/// The value of a metric on the web port, its samples of all labels added up; nil when it is not there.
package func readMetric(_ name: String, port: UInt16) throws(DriverError) -> Double? {
  let response = try HTTPConnection(port: port).request("GET", "/metrics")
  guard response.status == 200 else { throw .malformed("/metrics: \(response.status)") }
  let samples = response.text.split(separator: "\n").compactMap { line -> Double? in
    guard line.hasPrefix(name), let next = line.dropFirst(name.count).first,
      next == " " || next == "{"
    else { return nil }
    return line.split(separator: " ").last.flatMap { Double($0) }
  }
  return samples.isEmpty ? nil : samples.reduce(0, +)
}
