// `worker-bench connections`: many keep-alive connections, again and again. What is left behind?

import BenchSupport
import ArgumentParser
import DaemonDriver
import Glibc

struct ConnectionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connections",
    abstract: "Opens, uses and closes thousands of connections and looks for what they left.")

  @Option(help: "The daemon's executable.")
  var daemon: String
  @Option(help: "Connections open at a time.")
  var count = 10_000
  @Option(help: "Times they are opened, used and closed.")
  var rounds = 10

  func run() throws {
    try raiseDescriptorLimit(to: count + 100)
    let data = try ScratchDirectory("connections")
    try writeBytes(Array(repeating: 7, count: 8192), to: data.path("file"))
    let worker = try DaemonProcess(
      daemon, ports: .free(),
      options: [
        "--mount", "/bench=file://\(data.path)", "-Dalluxio.worker.page.store.type=MEM",
        "-Dalluxio.worker.page.store.sizes=64MiB",
      ])
    // The first requests open what stays open: the file itself, once for each ring.
    for _ in 0..<64 {
      _ = try HTTPConnection(port: worker.ports.object).request("GET", "/bench/file")
    }
    usleep(200_000)
    let first = Footprint(worker)
    print("| round | RSS MiB | descriptors | open connections by the worker's count | seconds |")
    print("|---|---|---|---|---|")
    print(first.row("before", nil))
    var rows: [Footprint] = []
    for round in 1...rounds {
      let start = ContinuousClock.now
      let most = try oneRound(worker, round: round)
      if round == 1 { print(most.row("1, all open", ContinuousClock.now - start)) }
      rows.append(try settled(worker, like: first))
      print(rows[rows.count - 1].row("\(round)", ContinuousClock.now - start))
    }
    try judge(first: first, rows: rows)
    guard worker.process.stop() == .code(0) else {
      throw DriverError.program("the daemon did not stop cleanly: \(worker.logText)")
    }
  }

  private func oneRound(_ worker: DaemonProcess, round: Int) throws -> Footprint {
    // A local address of its own for each round, so that closed connections' ports do not run out.
    let source = UInt32(0x7f00_0100) + UInt32(round)
    var connections: [HTTPConnection] = []
    connections.reserveCapacity(count)
    for _ in 0..<count {
      connections.append(
        try HTTPConnection(port: worker.ports.object, source: source, bufferSize: 16 << 10))
    }
    for use in 0..<2 {
      for connection in connections {
        let range = "bytes=\(use * 4096)-\(use * 4096 + 4095)"
        let response = try connection.request("GET", "/bench/file", headers: [("Range", range)])
        guard response.status == 206, response.body.count == 4096 else {
          throw DriverError.program("status \(response.status), \(response.body.count) bytes")
        }
      }
    }
    return Footprint(worker)
  }

  /// Waits until the worker has closed what was closed, at most five seconds.
  private func settled(_ worker: DaemonProcess, like first: Footprint) throws -> Footprint {
    for _ in 0..<500 {
      let now = Footprint(worker)
      if now.descriptorCount <= first.descriptorCount { return now }
      usleep(10_000)
    }
    return Footprint(worker)
  }

  private func judge(first: Footprint, rows: [Footprint]) throws {
    guard let second = rows.dropFirst().first ?? rows.first, let last = rows.last else { return }
    let growth = last.residentKiB - second.residentKiB
    print(
      "descriptors left: \(last.descriptorCount - first.descriptorCount);"
        + " growth of RSS from round 2 to \(rows.count): \(growth) KiB")
    guard last.descriptorCount <= first.descriptorCount else {
      throw DriverError.program("descriptors leak")
    }
    guard growth <= max(2048, second.residentKiB / 50) else {
      throw DriverError.program("memory leaks")
    }
  }

  private func raiseDescriptorLimit(to count: Int) throws {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_max = max(limit.rlim_max, rlim_t(count))
    limit.rlim_cur = limit.rlim_max
    guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      throw DriverError.program("cannot open \(count) descriptors: raise `ulimit -Hn`")
    }
  }
}

/// What a worker holds at one moment.
private struct Footprint {
  let residentKiB: Int
  let descriptorCount: Int
  let connectionCount: Double?

  init(_ worker: DaemonProcess) {
    residentKiB = ProcessFacts.kibibytes("VmRSS", of: worker.process.pid)
    descriptorCount = ProcessFacts.descriptorCount(worker.process.pid)
    connectionCount = try? worker.metric("penstock_http_connections_active")
  }

  func row(_ title: String, _ elapsed: Duration?) -> String {
    let connections = connectionCount.map { fixed($0, 0) } ?? "-"
    let time = elapsed.map { fixed(seconds($0), 1) } ?? ""
    return
      "| \(title) | \(fixed(Double(residentKiB) / 1024, 1)) | \(descriptorCount) | \(connections)"
      + " | \(time) |"
  }
}
