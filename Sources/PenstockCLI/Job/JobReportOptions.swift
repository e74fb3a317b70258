// How a command about a job prints: once or live, as text or JSON.

import ArgumentParser
import Scheduler

/// The options of a job's report.
struct JobReportOptions: ParsableArguments {
  @Option(help: "TEXT or JSON, with --progress or --watch.")
  var format = "TEXT"
  @Flag(help: "Names recent failures and retries, with --progress.")
  var verbose = false
  @Option(help: "FAILURE lists the files that failed with their reasons, with --progress.")
  var fileStatus: String?
  @Flag(help: "Shows live how the job goes until it has ended, with --submit.")
  var watch = false

  /// Whether JSON is asked for.
  var isJSON: Bool { format.uppercased() == "JSON" }

  /// - Throws: a line for combinations that make no sense.
  func check(_ action: JobAction) throws {
    guard ["TEXT", "JSON"].contains(format.uppercased()) else {
      throw ValidationError("--format is TEXT or JSON")
    }
    guard !watch || action == .submit else {
      throw ValidationError("--watch goes with --submit")
    }
    guard let fileStatus else { return }
    guard action == .progress else {
      throw ValidationError("--file-status goes with --progress")
    }
    guard ["SUCCESS", "FAILURE"].contains(fileStatus.uppercased()) else {
      throw ValidationError("--file-status is SUCCESS or FAILURE")
    }
  }
}
