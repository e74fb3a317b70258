// The figures of a serve bench, as Markdown and as JSON.

import BenchSupport

/// All rounds of one scenario at one number of connections; the first server is penstock.
struct ServeTable {
  let scenario: String
  let connections: Int
  /// Per server, one sample for each round.
  let samples: [[ServeSample]]

  /// The median of a figure of one server.
  func median(_ figure: (ServeSample) -> Double, of server: Int) -> Double {
    middle(of: samples[server].map(figure))
  }

  /// The median over the rounds of penstock's figure divided by the server's of the same round.
  func ratio(_ figure: (ServeSample) -> Double, to server: Int) -> Double {
    middle(of: zip(samples[0], samples[server]).map { figure($0) / figure($1) })
  }
}

/// What happens at four times the connections that saturate.
struct ServeSaturation {
  /// The fewest connections that give 95 % of the best rate.
  let connections: Int
  /// penstock at that number.
  let peak: ServeTable
  /// Every server at four times that number.
  let table: ServeTable

  /// penstock's throughput there against its throughput at the saturating number.
  var kept: Double { table.median(\.requestRate, of: 0) / peak.median(\.requestRate, of: 0) }
}

/// The whole result.
struct ServeReport {
  let machine: Machine
  let rounds: Int
  let seconds: Int
  let servers: [String]
  var tables: [ServeTable] = []
  var saturations: [ServeSaturation] = []

  var markdown: String {
    var lines = [
      "- machine: \(machine.processor), \(machine.cpuCount) CPUs, \(machine.memory)",
      "- kernel: \(machine.kernel)",
      "- commit: \(machine.commit)",
      "- running beside it: \(machine.company)",
      "- command: `scripts/bench serve --rounds \(rounds) --seconds \(seconds)`",
      "- set-up: server on one CPU with one ring or worker, wrk (one thread) on another, loopback,"
        + " keep-alive, data in /dev/shm; medians of \(rounds) alternated rounds of \(seconds) s;"
        + " every body was compared before timing",
      "",
      "| scenario | connections | server | GiB/s | requests/s | CPU s/GiB | CPU µs/request | p99 ms"
        + " | rate, penstock ÷ this | CPU, penstock ÷ this |",
      "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for table in tables { lines += rows(table) }
    lines += ["", "## At four times the connections that saturate", ""]
    for saturation in saturations {
      lines += [
        "\(saturation.table.scenario): \(saturation.connections) connections saturate; at"
          + " \(saturation.table.connections), penstock keeps \(fixed(saturation.kept, 3)) of that rate"
          + " and its p99 is \(fixed(saturation.table.ratio(\.p99, to: 1), 2)) of nginx sendfile's and"
          + " \(fixed(saturation.table.ratio(\.p99, to: 2), 2)) of nginx buffers'.", "",
      ]
    }
    lines += [
      "| scenario | connections | server | GiB/s | requests/s | CPU s/GiB | CPU µs/request | p99 ms"
        + " | rate, penstock ÷ this | CPU, penstock ÷ this |",
      "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for saturation in saturations { lines += rows(saturation.table) }
    return lines.joined(separator: "\n")
  }

  private func rows(_ table: ServeTable) -> [String] {
    servers.indices.map { index in
      let figures = [
        fixed(table.median(\.gibPerSecond, of: index), 2),
        fixed(table.median(\.requestRate, of: index), 0),
        fixed(table.median(\.cpuPerGiB, of: index), 3),
        fixed(table.median(\.cpuPerRequest, of: index), 2),
        fixed(table.median(\.p99, of: index), 2),
        index == 0 ? "" : fixed(table.ratio(\.requestRate, to: index), 2),
        index == 0 ? "" : fixed(table.ratio(\.cpuPerGiB, to: index), 2),
      ]
      return "| \(table.scenario) | \(table.connections) | \(servers[index]) | "
        + figures.joined(separator: " | ") + " |"
    }
  }

  var json: String {
    let facts = [
      "\"machine\":\(quoted(machine.processor))", "\"cpus\":\(machine.cpuCount)",
      "\"memory\":\(quoted(machine.memory))", "\"kernel\":\(quoted(machine.kernel))",
      "\"commit\":\(quoted(machine.commit))", "\"company\":\(quoted(machine.company))",
      "\"rounds\":\(rounds)", "\"seconds\":\(seconds)",
      "\"tables\":[\((tables + saturations.map(\.table)).map(json(of:)).joined(separator: ","))]",
    ]
    return "{\(facts.joined(separator: ","))}"
  }

  private func json(of table: ServeTable) -> String {
    let all = servers.indices.map { index in
      let samples = table.samples[index].map { sample in
        "{\"gibPerSecond\":\(sample.gibPerSecond),\"requestsPerSecond\":\(sample.requestRate),"
          + "\"cpuSecondsPerGiB\":\(sample.cpuPerGiB),\"p99Milliseconds\":\(sample.p99)}"
      }
      return
        "{\"server\":\(quoted(servers[index])),\"samples\":[\(samples.joined(separator: ","))]}"
    }
    return "{\"scenario\":\(quoted(table.scenario)),\"connections\":\(table.connections),"
      + "\"servers\":[\(all.joined(separator: ","))]}"
  }

  private func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}
