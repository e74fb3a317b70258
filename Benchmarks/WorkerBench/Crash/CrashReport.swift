// The table of a crash bench.

import BenchSupport

/// All rounds and sums.
struct CrashReport {
  let seed: UInt64
  var rounds: [CrashRound] = []
  /// Reads of the whole bench.
  var sums = CrashTally.Sums()
  /// The end of a bench that could not go on.
  var failure: String?

  /// What went wrong, in words; empty when nothing did.
  var problems: [String] {
    rounds.enumerated().flatMap { index, round in
      round.problems.map { "kill \(index + 1), \(round.instant.kind.rawValue): \($0)" }
    } + sums.problems + (failure.map { [$0] } ?? [])
  }

  /// One row for each kind of instant, one for all.
  var table: String {
    var lines = [
      "| killed during | kills | ready ms: median | p95 | max | restored ms: max"
        + " | MiB on disks: before | after | hit ratio: median | min | fullest tier | failures |",
      "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for kind in CrashInstant.Kind.allCases {
      lines.append(row(kind.rawValue, rounds.filter { $0.instant.kind == kind }))
    }
    lines += [
      row("all", rounds), "",
      "\(sums.reads) reads, \(sizeText(sums.bytes)) compared: \(sums.wrongBytes) wrong bytes,"
        + " \(problems.count) failures. SEED=\(seed)",
    ]
    return lines.joined(separator: "\n")
  }

  private func row(_ name: String, _ rounds: [CrashRound]) -> String {
    let ready = rounds.map { $0.ready * 1000 }.sorted()
    let hits = rounds.map(\.hitRatio)
    let mebibytes = { (bytes: Int) in Double(bytes) / Double(1 << 20) }
    let figures = [
      "\(rounds.count)", fixed(middle(of: ready), 0),
      fixed(ready.isEmpty ? .nan : ready[(ready.count - 1) * 95 / 100], 0),
      fixed(ready.last ?? .nan, 0), fixed((rounds.map(\.restored).max() ?? .nan) * 1000, 0),
      fixed(middle(of: rounds.map { mebibytes($0.before) }), 1),
      fixed(middle(of: rounds.map { mebibytes($0.after) }), 1),
      fixed(middle(of: hits), 2), fixed(hits.min() ?? .nan, 2),
      fixed(rounds.map(\.fullest).max() ?? .nan, 3),
      "\(rounds.reduce(0) { $0 + $1.problems.count })",
    ]
    return "| \(name) | " + figures.joined(separator: " | ") + " |"
  }
}
