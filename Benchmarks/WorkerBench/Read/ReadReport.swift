// The figures of a read bench, as text and as JSON.

import BenchSupport
import Model

/// What all rounds came to.
struct ReadReport {
  let plan: ReadPlan
  let machine: Machine
  /// Rounds of the worker's readers and of the reference, in pairs.
  let rounds: [ReadRound]
  let references: [ReadRound]
  /// Bytes compared whole, before and after.
  let verifiedBytes: Int

  private var latencies: LatencyHistogram { joined(rounds) }

  private func joined(_ rounds: [ReadRound]) -> LatencyHistogram {
    rounds.reduce(into: LatencyHistogram()) { $0.add($1.latencies) }
  }

  /// The median of the rounds' own ratios of rates; NaN without a reference.
  var ratio: Double { middle(of: zip(rounds, references).map { $0.rate / $1.rate }) }

  /// The median of the rounds' own ratios of mean times: how much longer one of ours takes.
  var timeRatio: Double { middle(of: zip(rounds, references).map { $1.rate / $0.rate }) }

  /// The median of the rounds' own ratios of median times.
  private var middleRatio: Double {
    middle(
      of: zip(rounds, references).map {
        Double($0.latencies.percentile(0.5)) / Double($1.latencies.percentile(0.5))
      })
  }

  private var rate: Double { middle(of: rounds.map(\.rate)) }
  private var referenceRate: Double { middle(of: references.map(\.rate)) }
  private var gibPerRead: Double { Double(plan.size) / Double(1 << 30) }

  private func cpuPerGiB(_ round: ReadRound) -> Double {
    (round.ownCPU + round.workerCPU) / (Double(round.count) * gibPerRead)
  }

  private var figures: [(String, Double)] {
    [
      ("ratio", ratio), ("timeRatio", timeRatio), ("p50Ratio", middleRatio),
      ("readsPerSecond", rate),
      ("readsPerCPUSecond", middle(of: rounds.map { Double($0.count) / $0.ownCPU })),
      ("gibPerSecond", rate * gibPerRead),
      ("p50Nanoseconds", Double(latencies.percentile(0.5))),
      ("p90Nanoseconds", Double(latencies.percentile(0.9))),
      ("p99Nanoseconds", Double(latencies.percentile(0.99))),
      ("p999Nanoseconds", Double(latencies.percentile(0.999))),
      ("maxNanoseconds", Double(latencies.longest)),
      ("cpuSecondsPerGiB", middle(of: rounds.map(cpuPerGiB))),
      ("referenceReadsPerSecond", referenceRate),
      ("referenceGiBPerSecond", referenceRate * gibPerRead),
      ("referenceP50Nanoseconds", Double(joined(references).percentile(0.5))),
      ("referenceP99Nanoseconds", Double(joined(references).percentile(0.99))),
      ("referenceCPUSecondsPerGiB", middle(of: references.map(cpuPerGiB))),
      ("verifiedBytes", Double(verifiedBytes)),
    ]
  }

  /// One object.
  var json: String {
    let texts = [
      ("path", plan.way.rawValue), ("pattern", plan.pattern.rawValue),
      ("reference", plan.reference.rawValue), ("machine", machine.processor),
      ("kernel", machine.kernel), ("commit", machine.commit), ("company", machine.company),
    ]
    // Whether each read is summed; that every byte is right was looked at before and after: `verifiedBytes`.
    let flags = [("checksum", plan.isChecked), ("inPlace", plan.isInPlace)]
    let numbers =
      [
        ("size", Double(plan.size)), ("dataSize", Double(plan.dataSize)),
        ("threads", Double(plan.threads)), ("rate", plan.rate), ("rounds", Double(rounds.count)),
      ] + figures
    let members =
      texts.map { "\(jsonText($0.0)):\(jsonText($0.1))" }
      + flags.map { "\(jsonText($0.0)):\($0.1)" }
      + numbers.map { "\(jsonText($0.0)):\(jsonNumber($0.1))" }
    return "{\(members.joined(separator: ","))}"
  }

  /// A row of the recorded table.
  var row: String {
    let size =
      sizeText(plan.size) + (plan.isChecked ? " +CRC" : "") + (plan.isInPlace ? " in place" : "")
    let cells = [
      plan.way.rawValue, plan.pattern.rawValue, plan.pattern == .ping ? "" : size,
      fixed(rate, 0), fixed(rate * gibPerRead, 2),
      fixed(Double(latencies.percentile(0.5)) / 1000, 2),
      fixed(Double(latencies.percentile(0.99)) / 1000, 2),
      fixed(middle(of: rounds.map(cpuPerGiB)), 3), plan.reference.rawValue, fixed(referenceRate, 0),
      fixed(Double(joined(references).percentile(0.5)) / 1000, 2), fixed(ratio, 2),
    ]
    return "| \(cells.joined(separator: " | ")) |"
  }

  /// The head of the recorded table.
  static let head = [
    "| path | pattern | size | reads/s | GiB/s | p50 µs | p99 µs | CPU s/GiB | beside | its reads/s | its p50 µs | ratio |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
  ]

  /// All figures, one on a line.
  var text: String {
    figures.map { "\($0.0): \(fixed($0.1, 3))" }.joined(separator: "\n")
  }
}
