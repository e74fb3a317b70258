// Contestants in turns, and their table: medians, and ratios of the rounds' own figures.

import BenchSupport

/// Somebody who moves the bytes.
struct Contestant {
  let name: String
  /// Moves them once.
  let run: () throws -> IngestSample
}

/// One scenario, measured.
struct IngestContest {
  let title: String
  let names: [String]
  /// Per contestant, one sample for each round.
  let samples: [[IngestSample]]

  /// Lets everybody run once untimed, then `rounds` times in turns.
  init(
    _ title: String, rounds: Int, _ contestants: [Contestant], note: (String) -> Void
  ) throws {
    self.title = title
    names = contestants.map(\.name)
    var samples: [[IngestSample]] = contestants.map { _ in [] }
    for contestant in contestants { _ = try contestant.run() }
    for round in 0..<rounds {
      for step in contestants.indices {
        let index = (step + round) % contestants.count
        samples[index].append(try contestants[index].run())
      }
      note("\(title): round \(round + 1) of \(rounds)")
    }
    self.samples = samples
  }

  /// The median of a figure of one contestant.
  func median(_ figure: (IngestSample) -> Double, _ index: Int) -> Double {
    middle(of: samples[index].map(figure))
  }

  /// The median over the rounds of the first contestant's figure divided by another's of the same round.
  func ratio(_ figure: (IngestSample) -> Double, to index: Int) -> Double {
    middle(of: zip(samples[0], samples[index]).map { figure($0) / figure($1) })
  }

  /// The heading of every table.
  static let header = [
    "| | MiB/s | items/s | CPU s/GiB | rate, penstock ÷ this | CPU, penstock ÷ this |",
    "|---|---|---|---|---|---|",
  ]

  /// A line for each contestant.
  var rows: [String] {
    names.indices.map { index in
      let isOwn = index == 0
      let figures = [
        names[index], fixed(median(\.mibPerSecond, index), 0),
        fixed(median(\.itemsPerSecond, index), samples[index].first?.items == 1 ? 2 : 0),
        fixed(median(\.cpuSecondsPerGiB, index), 3),
        isOwn ? "1" : fixed(ratio(\.mibPerSecond, to: index), 2),
        isOwn ? "1" : fixed(ratio(\.cpuSecondsPerGiB, to: index), 2),
      ]
      return "| \(figures.joined(separator: " | ")) |"
    }
  }

  /// The best of `figure`'s ratios to the contestants `others`: the lowest of a rate, the highest of a cost.
  ///
  /// That is the ratio to the best of them.
  func ratioToBest(
    _ figure: (IngestSample) -> Double, isRate: Bool, of others: Range<Int>
  ) -> Double {
    let ratios = others.map { ratio(figure, to: $0) }
    return (isRate ? ratios.min() : ratios.max()) ?? .nan
  }
}
