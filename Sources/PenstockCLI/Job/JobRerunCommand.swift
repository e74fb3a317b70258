// `penstock job rerun`: a job back into the queue, which only a shared job store can do (compat §7.3, §16).

import ArgumentParser
import Scheduler

/// `penstock job rerun`.
struct JobRerunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rerun",
    abstract: "Puts a job that has ended back into the queue, where the job store is shared.")

  @Option(help: "A UFS URI, or a path below a mount.")
  var path: String?
  @Option(help: "The job's id.")
  var jobId: String?
  @Argument(help: .hidden) var rest: [String] = []
  @OptionGroup var coordinator: CoordinatorOptions

  func run() throws {
    let members = [("path", path), ("id", jobId)].compactMap { name, text in
      text.map { (name, RequestValue.text($0)) }
    }
    _ = try coordinator.answer("POST", "/api/v1/master/rerun_job", members)
  }
}
