// The result of an ingest bench, as Markdown for people and as JSON for whoever compares results.

import BenchSupport

/// What was asked for, and what came of it.
struct IngestTarget {
  /// What is compared, such as `rate ÷ the best tool's`.
  let what: String
  let value: Double
  let bound: Double
  /// Whether `value` is to be at least `bound`, or at most.
  var isAtLeast = true

  /// Whether it was reached.
  var isMet: Bool { isAtLeast ? value >= bound : value <= bound }

  /// One line for people.
  var line: String {
    "- \(isMet ? "reached" : "**missed**"): \(what) \(fixed(value, 2)),"
      + " asked for \(isAtLeast ? "≥" : "≤") \(fixed(bound, 2))"
  }

  /// One JSON object.
  var json: String {
    "{\"what\":\(jsonText(what)),\"value\":\(jsonNumber(value)),\"bound\":\(jsonNumber(bound)),"
      + "\"atLeast\":\(isAtLeast),\"met\":\(isMet)}"
  }
}

/// One scenario of the result.
struct IngestSection {
  let title: String
  var contest: IngestContest?
  var targets: [IngestTarget] = []
  /// What else is to be known, a line each.
  var notes: [String] = []

  /// A section about `contest`.
  init(_ contest: IngestContest) {
    title = contest.title
    self.contest = contest
  }

  /// A section of notes alone.
  init(_ title: String, notes: [String]) {
    self.title = title
    self.notes = notes
  }

  /// The section for people.
  var markdown: [String] {
    var lines = ["## \(title)", ""]
    if let contest { lines += IngestContest.header + contest.rows + [""] }
    lines += targets.map(\.line) + notes.map { "- \($0)" }
    return lines + [""]
  }

  /// One JSON object.
  var json: String {
    let contestants = contest.map { contest in
      contest.names.indices.map { index in
        let samples = contest.samples[index].map(\.json).joined(separator: ",")
        return "{\"name\":\(jsonText(contest.names[index])),\"samples\":[\(samples)]}"
      }.joined(separator: ",")
    }
    return "{\"title\":\(jsonText(title)),\"contestants\":[\(contestants ?? "")],"
      + "\"targets\":[\(targets.map(\.json).joined(separator: ","))],"
      + "\"notes\":[\(notes.map(jsonText).joined(separator: ","))]}"
  }
}

/// The whole result.
struct IngestReport {
  private let machine: Machine
  private let command: String
  private let facts: [String]
  var sections: [IngestSection] = []

  /// A result without sections, measured on `machine` by `command`.
  init(_ machine: Machine, command: String, facts: [String]) {
    self.machine = machine
    self.command = command
    self.facts = facts
  }

  /// The result for people.
  var markdown: String {
    let lines = [
      "- machine: \(machine.processor), \(machine.cpuCount) CPUs, \(machine.memory)",
      "- kernel: \(machine.kernel)", "- commit: \(machine.commit)",
      "- running beside it: \(machine.company)", "- command: `\(command)`",
    ]
    return (lines + facts.map { "- \($0)" } + [""] + sections.flatMap(\.markdown))
      .joined(separator: "\n")
  }

  /// One JSON object with every sample.
  var json: String {
    let facts = [
      ("processor", machine.processor), ("kernel", machine.kernel), ("commit", machine.commit),
      ("company", machine.company), ("command", command),
    ].map { "\(jsonText($0)):\(jsonText($1))" }
    return "{\(facts.joined(separator: ",")),\"cpus\":\(machine.cpuCount),"
      + "\"sections\":[\(sections.map(\.json).joined(separator: ","))]}"
  }
}
