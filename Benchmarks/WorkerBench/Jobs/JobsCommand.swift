// `worker-bench jobs`: what the job service does at scale, by processes of its own.
//
//   JobsCommand           options, what is run, the result
//   JobsCommand+Scale     a million small files in one job: rate, memory, accounting at every look
//   JobsCommand+Submit    from a submission to the first read at the store
//   JobsCommand+Cancel    what the store is still asked for after a stop
//   JobsCommand+Reads     what a load costs those who read

import ArgumentParser
import BenchSupport
import DaemonDriver
import Glibc

struct JobsCommand: ParsableCommand {
  /// What is measured.
  enum Part: String, CaseIterable, ExpressibleByArgument { case scale, submit, cancel, reads }

  static let configuration = CommandConfiguration(
    commandName: "jobs", abstract: "Measures the job service at scale, with processes of its own.",
    discussion: """
      The status is 1 when a count is not exact or a file is not what it was. Reads are measured with the daemon \
      alone on CPU 0 and its readers on CPU 1.
      """)

  @Option(help: "The daemon's executable.") var daemon: String
  @Option(help: "Only this part; may be repeated.") var only: [Part] = []
  @Option(help: "Files of 1 KiB in one job, in directories of a thousand.") var files = 1_000_000
  @Option(help: "Rounds of the large job, of stops and of reads.") var rounds = 3
  @Option(help: "Submissions, one after the other.") var submissions = 100
  @Option(help: "Seconds of reading with and without a load.") var seconds = 5
  @Option(help: "A folder for the files; they take 5 KiB each.") var folder = "/dev/shm"
  @Option(
    name: .customShort("D"),
    help: ArgumentHelp("A setting of the daemon; may be repeated.", valueName: "key=value"))
  var settings: [String] = []
  @Flag(help: "Print the figures as JSON besides.") var json = false
  @Flag(help: "Write Benchmarks/Results/<date>-jobs.md and .json.") var record = false

  func run() throws {
    let machine = Machine()
    let parts = only.isEmpty ? Part.allCases : only
    var report = IngestReport(machine, command: command, facts: [])
    for part in parts {
      note("\(part.rawValue): begins")
      report.sections += try measure(part)
    }
    print(report.markdown)
    if json { print(report.json) }
    guard record else { return }
    let name = parts.count == 1 ? "jobs-\(parts[0].rawValue)" : "jobs"
    let path = try recordResult(
      name, title: "The job service at scale", report.markdown, json: report.json)
    note("recorded in \(path)")
  }

  private func measure(_ part: Part) throws -> [IngestSection] {
    switch part {
    case .scale: try scale()
    case .submit: [try submit()]
    case .cancel: [try cancel()]
    case .reads: try reads()
    }
  }

  private var command: String {
    (["scripts/bench jobs"] + only.map { "--only \($0.rawValue)" }
      + ["--files \(files) --rounds \(rounds)"] + settings.map { "-D \($0)" })
      .joined(separator: " ")
  }

  /// Settings of a daemon that keeps `bytes` of pages in memory.
  func memory(_ bytes: Int) -> [String] {
    [
      "-Dalluxio.worker.page.store.type=MEM",
      "-Dalluxio.worker.page.store.sizes=\(max(bytes, 64 << 20))",
    ] + settings.map { "-D\($0)" }
  }

  func note(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
  }

  /// Nanoseconds of the monotonic clock.
  static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// The share `part` of sorted `values`: 0.99 is the 99th percentile.
  static func quantile(_ part: Double, of values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
  }
}
