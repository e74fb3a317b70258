// One run of wrk, and what it printed.

import BenchSupport
import DaemonDriver

/// The figures of one run of wrk on one CPU.
struct WrkRun {
  /// Responses per second.
  let requestRate: Double
  /// 99th percentile of the latency, milliseconds.
  let p99: Double
  /// Seconds the run took.
  let duration: Double
  /// Responses in all.
  let requestCount: Double

  /// Runs wrk with one thread on `cpu` for `seconds` against `url`.
  init(
    url: String, connections: Int, seconds: Int, cpu: Int, script: String? = nil,
    header: String? = nil
  ) throws(DriverError) {
    var command = [
      "taskset", "-c", "\(cpu)", "wrk", "-t1", "-c\(connections)", "-d\(seconds)s", "--latency",
      "--timeout", "10s",
    ]
    if let script { command += ["-s", script] }
    if let header { command += ["-H", header] }
    let run = try CommandRun(command + [url], limit: .seconds(seconds + 60))
    guard run.succeeded else { throw .program("wrk failed: \(run.errors)\(run.output)") }
    try self.init(parsing: run.output)
  }

  /// The figures in the text that wrk printed; errors of any kind are refused.
  init(parsing text: String) throws(DriverError) {
    let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
    for line in lines where line.first == "Socket" || line.first == "Non-2xx" {
      throw .program("wrk saw errors: \(line.joined(separator: " "))")
    }
    guard let total = lines.first(where: { $0.count > 3 && $0[1] == "requests" && $0[2] == "in" }),
      let count = Double(total[0]), let taken = WrkRun.milliseconds(total[3].dropLast()),
      let tail = lines.first(where: { $0.first == "99%" }), tail.count == 2,
      let p99 = WrkRun.milliseconds(tail[1])
    else { throw .program("wrk printed something unexpected: \(text)") }
    requestCount = count
    duration = taken / 1000
    requestRate = count / duration
    self.p99 = p99
  }

  /// A time such as `12.34ms`, `5.01s` or `1.00m`; a trailing comma is the caller's to drop.
  static func milliseconds(_ text: Substring) -> Double? {
    for (unit, factor) in [("us", 0.001), ("ms", 1), ("s", 1000), ("m", 60_000)]
    where text.hasSuffix(unit) {
      return Double(text.dropLast(unit.count)).map { $0 * factor }
    }
    return nil
  }
}
