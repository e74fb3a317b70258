// Figures of several ways to move the same bytes, taken in turns.

/// One turn of one contestant.
package struct ContestSample: Sendable {
  /// What it moved, and what that took.
  package var bytes: Int64 = 0
  package var seconds = 0.0
  package var cpuSeconds = 0.0
  /// Why there is no figure.
  package var problem: String?

  /// A turn that was measured.
  init(bytes: Int64, _ use: ResourceUse) {
    self.bytes = bytes
    seconds = Double(use.nanoseconds) * 1e-9
    cpuSeconds = use.cpuSeconds
  }

  /// A turn of the test itself.
  init(_ phase: PhaseResult) {
    self.init(bytes: phase.bytes, phase.use)
    problem = phase.errors.first.map { "\($0)" }
  }

  /// A turn that came to nothing.
  init(problem: String) { self.problem = problem }

  /// MiB/s.
  package var mibPerSecond: Double { PhaseResult.rate(bytes, seconds) }
  /// CPU seconds for each GiB.
  package var cpuSecondsPerGiB: Double {
    bytes > 0 ? cpuSeconds * Double(1 << 30) / Double(bytes) : 0
  }
}

/// The turns of all contestants; the first is what the others are the measure of.
package struct Contest: Sendable {
  /// What was done.
  package let title: String
  /// Names in the order of their first turn, each with its turns.
  package private(set) var turns: [(name: String, samples: [ContestSample])] = []

  /// A contest without a turn.
  init(title: String) { self.title = title }

  /// Adds a turn.
  mutating func add(_ name: String, _ sample: ContestSample) {
    if let index = turns.firstIndex(where: { $0.name == name }) {
      turns[index].samples.append(sample)
    } else {
      turns.append((name, [sample]))
    }
  }

  /// Lines of text: medians, and what the test reaches of each other contestant.
  package var lines: [String] {
    let own = turns.first { $0.name == "penstock" }
    let ownRate = Self.median((own?.samples ?? []).map(\.mibPerSecond))
    return turns.map { name, samples in
      if let problem = samples.compactMap(\.problem).first {
        return "\(title), \(name): no figure: \(problem)"
      }
      let rate = Self.median(samples.map(\.mibPerSecond))
      let cpu = Self.median(samples.map(\.cpuSecondsPerGiB))
      let share =
        name == "penstock" || rate <= 0
        ? "" : "; penstock reaches \(decimal(100 * ownRate / rate, 1)) % of it"
      return "\(title), \(name): \(decimal(rate, 1)) MiB/s, \(decimal(cpu, 3)) CPU s/GiB"
        + ", median of \(samples.count)\(share)"
    }
  }

  /// Contestants without a figure, the test itself left out: its failures are told elsewhere.
  var errors: [UFSIOTestError] {
    turns.compactMap { name, samples in
      guard name != "penstock", let problem = samples.compactMap(\.problem).first else {
        return nil
      }
      return UFSIOTestError(.contest("\(title), \(name): \(problem)"))
    }
  }

  private static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let half = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
  }
}

/// `value` with `digits` decimals.
func decimal(_ value: Double, _ digits: Int) -> String {
  let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
  let scaled = (value.magnitude * scale).rounded()
  guard scaled < 1e15 else { return "\(value)" }
  let text = String(Int(scaled))
  let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
  let sign = value < 0 && scaled > 0 ? "-" : ""
  return digits == 0
    ? sign + padded : "\(sign)\(padded.dropLast(digits)).\(padded.suffix(digits))"
}
