// One line of `--watch`:
//
//   RUNNING [#######.............]  35 %  4,200 of 12,000 files  1.31GB of 3.74GB  120MB/s (98–131)  21 s left (19–26)  2 failed

import Model
import Scheduler
import WorkerDaemon

/// A job's counts as one line.
struct WatchLine {
  private static let width = 20

  /// The line.
  let text: String

  /// The line of `counts` at `ticks` nanoseconds; `estimate` learns from it.
  init(_ counts: JSONValue, _ estimate: inout RateEstimate, at ticks: UInt64) {
    let (files, bytes) = (Part(counts["files"]), Part(counts["bytes"]))
    let byBytes = bytes.listed > 0
    estimate.add(byBytes ? bytes.settled : files.settled, at: ticks)
    var words = [counts["jobState"]?.text ?? "?"]
    let part = byBytes ? bytes : files
    if let total = part.total, total > 0 { words.append(Self.bar(part.settled, of: total)) }
    words.append("\(files.settled) of \(files.total ?? files.listed) files")
    if byBytes {
      let total = bytes.total.map { " of \(SizeText.print($0))" } ?? ""
      words.append("\(SizeText.print(bytes.settled))\(total)")
    }
    if let pass = counts["verifiedFiles"] { words.append("\(Part(pass).settled) verified") }
    words += Self.pace(estimate, byBytes: byBytes, total: part.total)
    if files.failed > 0 { words.append("\(files.failed) failed") }
    if let retrying = counts["retrying"]?.integer, retrying > 0 {
      words.append("\(retrying) retrying")
    }
    if let stuck = counts["stuck"]?.elements?.first {
      words.append("waits for \(stuck["worker"]?.text ?? "?") at \(stuck["path"]?.text ?? "?")")
    }
    text = words.joined(separator: "  ")
  }

  /// The numbers of files, or of bytes.
  private struct Part {
    let listed: Int64
    let settled: Int64
    let failed: Int64
    let total: Int64?

    init(_ value: JSONValue?) {
      func number(_ name: String) -> Int64 { value?[name]?.integer ?? 0 }
      listed = number("listed")
      failed = number("failed")
      settled = number("loaded") &+ number("skipped") &+ number("failed")
      total = value?["total"]?.integer
    }
  }

  private static func bar(_ done: Int64, of total: Int64) -> String {
    let share = min(1, max(0, Double(done) / Double(total)))
    let count = Int(share * Double(width))
    let percent = "\(Int(share * 100))"
    let padding = String(repeating: " ", count: 3 - percent.utf8.count)
    return "[" + String(repeating: "#", count: count)
      + String(repeating: ".", count: width - count) + "] \(padding)\(percent) %"
  }

  private static func pace(
    _ estimate: RateEstimate, byBytes: Bool, total: Int64?
  ) -> [String] {
    guard let rate = estimate.rate else { return [] }
    func amount(_ value: Double) -> String {
      byBytes ? SizeText.print(whole(value)) : "\(whole(value))"
    }
    var words = [
      "\(amount(rate.mean))\(byBytes ? "" : " files")/s (\(amount(rate.low))–\(amount(rate.high)))"
    ]
    if let total, let left = estimate.remaining(to: total) {
      let most = left.high.map { "\(whole($0))" } ?? "?"
      words.append("\(whole(left.mean)) s left (\(whole(left.low))–\(most))")
    }
    return words
  }

  private static func whole(_ value: Double) -> Int64 {
    value.isFinite ? Int64(min(value.rounded(), 9e18)) : 0
  }
}
