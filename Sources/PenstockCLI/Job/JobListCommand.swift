// `penstock job list`: the jobs of a coordinator, oldest first.

import ArgumentParser
import Model
import WorkerDaemon

/// `penstock job list` (compat §7.3).
struct JobListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists jobs: id, type, state, time of submission, path.")

  @Option(help: "LOAD, FREE, COPY or MOVE.")
  var jobType: String?
  @Option(help: "WAITING, RUNNING, VERIFYING, SUCCEEDED, FAILED, STOPPED or ALL.")
  var jobState: String?
  @OptionGroup var coordinator: CoordinatorOptions

  func run() throws {
    var last: String?
    repeat {
      let filter = [("job-type", jobType), ("job-state", jobState), ("lastKey", last)]
      let answer = try coordinator.answer(
        "GET", "/api/v1/master/list_job",
        filter.compactMap { name, text in text.map { (name, .text($0)) } })
      for job in answer["jobs"]?.elements ?? [] {
        let fields = ["jobId", "jobType", "jobState", "submitted", "path"]
        let line = fields.map { job[$0]?.text ?? "" }.joined(separator: "  ")
        guard Terminal.output(line) else { throw ExitCode(ExitStatus.failure) }
      }
      last = answer["lastKey"]?.text
    } while last != nil
  }
}
