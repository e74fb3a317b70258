// `worker-bench load`: submits a load job and watches it.

import BenchSupport
import ArgumentParser
import DaemonDriver
import Glibc

struct LoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Loads a folder into a worker and shows the progress.")

  @Option(help: "The worker's REST port.")
  var port: UInt16 = 28080
  @Option(help: "The folder's path in its source, such as file:///data.")
  var path: String

  func run() throws {
    let connection = try HTTPConnection(port: port, seconds: 60)
    let start = ContinuousClock.now
    _ = try ask(connection, "submit")
    var progress = ProgressBar(title: "load", total: 0)
    while true {
      let report = try ask(connection, "progress")
      let state = textValue("jobState", in: report) ?? "unknown"
      let figures = LoadFigures(report)
      if state == "RUNNING" || state == "VERIFYING" {
        // The total grows while the folder is still being listed.
        if figures.total > figures.loaded { progress.set(figures.loaded, of: figures.total) }
        usleep(50_000)
        continue
      }
      progress.finish(nil)
      guard state == "SUCCEEDED" else { throw DriverError.program("load \(state): \(report)") }
      let elapsed = seconds(ContinuousClock.now - start)
      let rate = Double(figures.loaded) / Double(1 << 20) / max(elapsed, 1e-3)
      print(
        "load \(state): \(sizeText(figures.loaded)) in \(fixed(elapsed, 2)) s,"
          + " \(fixed(rate, 0)) MiB/s")
      return
    }
  }

  private func ask(_ connection: HTTPConnection, _ operation: String) throws -> String {
    let response = try connection.request(
      "GET",
      "/v1/load?path=\(percentEncoded(path: path))&opType=\(operation)&progressFormat=JSON")
    guard response.status == 200 else {
      throw DriverError.program("load \(operation): \(response.status) \(response.text)")
    }
    return response.text
  }
}

/// The figures of a load report in its JSON form, which may itself be text inside of JSON.
struct LoadFigures {
  let loaded: Int
  let total: Int

  init(_ report: String) {
    loaded = integerValue("mLoadedByteCount", in: report) ?? 0
    total = integerValue("mTotalByteCount", in: report) ?? loaded
  }
}

/// The text after `"key":"` in `json`, up to the next quote.
func textValue(_ key: String, in json: String) -> String? {
  guard let found = json.firstRange(of: "\"\(key)\":") else { return nil }
  let value = json[found.upperBound...].drop { $0 == " " }
  guard value.first == "\"" else { return nil }
  return String(value.dropFirst().prefix { $0 != "\"" })
}

/// The number after `"key":` in `json`; the quotes may be escaped.
func integerValue(_ key: String, in json: String) -> Int? {
  guard let found = json.firstRange(of: key) else { return nil }
  let value = json[found.upperBound...].drop { "\\\": ".contains($0) }
  return Int(value.prefix { $0.isNumber })
}
