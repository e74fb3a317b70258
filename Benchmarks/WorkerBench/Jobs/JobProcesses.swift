// A coordinator and a worker, in one process or in two.

import BenchSupport
import DaemonDriver
import Glibc

/// A running job service with one worker.
final class JobProcesses {
  /// One process for both, or one for each.
  enum Shape: String { case together, apart }

  /// The worker, and the coordinator with it or not.
  let worker: DaemonProcess
  private let scratch: ScratchDirectory
  private let coordinator: ChildProcess?
  /// What asks them.
  let access: JobAccess

  /// Starts what is needed and waits until the worker has joined; `prefix` goes before the command.
  init(
    _ daemon: String, _ shape: Shape, mounts: [String], settings: [String], prefix: [String] = []
  ) throws(DriverError) {
    scratch = try ScratchDirectory("jobs")
    let ports = try DaemonPorts.free()
    let web = ports.web
    let options =
      mounts.flatMap { ["--mount", $0] } + [
        "-Dalluxio.coordinator.web.port=\(ports.web)",
        "-Dalluxio.coordinator.rpc.port=\(ports.rest)",
        "-Dalluxio.coordinator.hostname=127.0.0.1",
        "-Dalluxio.worker.bind.host=127.0.0.1", "-Dalluxio.worker.web.bind.host=127.0.0.1",
        "-Dalluxio.coordinator.scheduler.initial.wait.time=0s",
      ]
    switch shape {
    case .together:
      coordinator = nil
      worker = try DaemonProcess(
        daemon, ports: .free(), options: ["--coordinator"] + options + settings, prefix: prefix,
        limit: .seconds(60))
    case .apart:
      let log = scratch.path("log")
      coordinator = try ChildProcess(
        prefix + [daemon, "--coordinator", "--no-worker"] + options
          + ["-Dalluxio.work.dir=\(scratch.path("work"))"], output: log, errors: log)
      worker = try DaemonProcess(
        daemon, ports: .free(),
        options: options + settings + ["-Dalluxio.worker.rpc.port=\(try PortHolder().port)"],
        prefix: prefix, limit: .seconds(60))
    }
    try Self.wait(.seconds(30), "the coordinator") { isReady(web) }
    let asked = try JobAccess(web, worker: worker.ports.web)
    access = asked
    try Self.wait(.seconds(30), "the worker at the coordinator") { () throws(DriverError) in
      try asked.hasWorker()
    }
    try worker.waitUntilPrepared()
  }

  deinit { coordinator?.stop() }

  /// The process that runs the coordinator.
  var coordinatorID: pid_t { coordinator?.pid ?? worker.process.pid }

  private static func wait(
    _ limit: Duration, _ what: String, _ isThere: () throws(DriverError) -> Bool
  ) throws(DriverError) {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
      if try isThere() { return }
      usleep(5_000)
    }
    throw .program("\(what) was not there in \(limit)")
  }
}
