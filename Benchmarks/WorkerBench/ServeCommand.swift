// `worker-bench serve`: penstockd beside nginx, alternated.

import BenchSupport
import ArgumentParser
import DaemonDriver
import Glibc

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Measures penstockd beside nginx on the same data in memory.",
    discussion: """
      Servers share one CPU and wrk has another; only one pair is busy at a time. Every server is read \
      in full and compared before anything is timed. The order is turned round by round, and ratios are \
      medians of the rounds' own ratios.
      """)

  @Option(help: "The daemon's executable.")
  var daemon: String
  @Option(help: "CPU of the servers.")
  var serverCPU = 0
  @Option(help: "CPU of wrk.")
  var clientCPU = 1
  @Option(help: "Rounds.")
  var rounds = 5
  @Option(help: "Seconds of each measurement.")
  var seconds = 3
  @Flag(help: "Print the figures as JSON.")
  var json = false
  @Flag(help: "Write Benchmarks/Results/<date>-serve.md.")
  var record = false

  func run() throws {
    let machine = Machine()
    let data = try ServedData()
    let servers = [
      try BenchServer.penstock(daemon, data: data, cpu: serverCPU),
      try BenchServer.nginx(
        "nginx sendfile", settings: "sendfile on; tcp_nopush on;", data: data, cpu: serverCPU),
      try BenchServer.nginx(
        "nginx buffers", settings: "sendfile off; output_buffers 2 1m;", data: data, cpu: serverCPU),
    ]
    for server in servers { try data.verify(port: server.port) }
    note("bodies verified; measuring \(rounds) rounds of \(seconds) s")
    var report = ServeReport(
      machine: machine, rounds: rounds, seconds: seconds, servers: servers.map(\.name))
    let scenarios = [ServeScenario.pages(data), .ranges(data), .fixedRange]
    for scenario in scenarios {
      for connections in [32, 256] {
        report.tables.append(try measure(scenario, servers, connections: connections))
      }
    }
    for scenario in scenarios.prefix(2) {
      report.saturations.append(try saturate(scenario, servers))
    }
    print(json ? report.json : report.markdown)
    if record {
      note("recorded in \(try recordResult("serve", title: "Serving", report.markdown))")
    }
  }

  private func measure(
    _ scenario: ServeScenario, _ servers: [BenchServer], connections: Int
  ) throws -> ServeTable {
    var samples: [[ServeSample]] = servers.map { _ in [] }
    for round in 0..<rounds {
      for step in servers.indices {
        let index = (step + round) % servers.count
        samples[index].append(
          try ServeSample(
            scenario, servers[index], connections: connections, seconds: seconds, cpu: clientCPU))
      }
    }
    note("\(scenario.name), \(connections) connections: done")
    return ServeTable(scenario: scenario.name, connections: connections, samples: samples)
  }

  /// Finds where penstock's rate stops growing, then loads every server with four times as many connections.
  private func saturate(
    _ scenario: ServeScenario, _ servers: [BenchServer]
  ) throws -> ServeSaturation {
    var sweep: [(connections: Int, rate: Double)] = []
    for connections in [1, 2, 4, 8, 16, 32, 64, 128, 256] {
      let rates = try (0..<3).map { _ in
        try ServeSample(
          scenario, servers[0], connections: connections, seconds: 1, cpu: clientCPU
        ).requestRate
      }
      sweep.append((connections, middle(of: rates)))
    }
    let peak = sweep.map(\.rate).max() ?? 0
    let saturating = sweep.first { $0.rate >= 0.95 * peak }?.connections ?? 1
    note("\(scenario.name): saturated by \(saturating) connections")
    return ServeSaturation(
      connections: saturating,
      peak: try measure(scenario, [servers[0]], connections: saturating),
      table: try measure(scenario, servers, connections: 4 * saturating))
  }

  private func note(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
  }
}
