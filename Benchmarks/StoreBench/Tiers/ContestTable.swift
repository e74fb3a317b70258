// Contestants measured in turns, and what came of it as Markdown.

import BenchSupport

/// Somebody who can be measured.
struct Contestant {
  let name: String
  let measure: () throws -> TierSample
}

/// The samples of several contestants at one task; the first is what the others are compared with.
struct ContestTable {
  private let title: String
  private let names: [String]
  private var samples: [[TierSample]]

  /// Measures every contestant once a round, in an order that turns.
  init(_ title: String, rounds: Int, _ contestants: [Contestant]) throws {
    self.title = title
    names = contestants.map(\.name)
    samples = contestants.map { _ in [] }
    for round in 0..<rounds {
      for step in contestants.indices {
        let index = (step + round) % contestants.count
        samples[index].append(try contestants[index].measure())
      }
    }
  }

  /// The columns of `rows`.
  static let header = [
    "| task | who | MiB/s | operations/s | CPU s/GiB | CPU µs/operation | rate ÷ fio | CPU ÷ fio |",
    "|---|---|---|---|---|---|---|---|",
  ]

  /// One line for each contestant: medians, and medians of the rounds' own ratios.
  var rows: [String] {
    names.indices.map { index in
      let figures = [
        fixed(median(\.mibPerSecond, index), 0), fixed(median(\.operationsPerSecond, index), 0),
        fixed(median(\.cpuSecondsPerGiB, index), 3),
        fixed(median(\.cpuMicrosecondsPerOperation, index), 1),
        index == 0 ? "1" : fixed(ratio(\.mibPerSecond, index), 3),
        index == 0 ? "1" : fixed(ratio(\.cpuSecondsPerGiB, index), 2),
      ]
      return "| \(title) | \(names[index]) | \(figures.joined(separator: " | ")) |"
    }
  }

  private func median(_ figure: (TierSample) -> Double, _ index: Int) -> Double {
    middle(of: samples[index].map(figure))
  }

  private func ratio(_ figure: (TierSample) -> Double, _ index: Int) -> Double {
    middle(of: zip(samples[index], samples[0]).map { figure($0) / figure($1) })
  }
}
