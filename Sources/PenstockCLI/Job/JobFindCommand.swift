// `penstock job find`: which jobs a file belongs to.

import ArgumentParser
import Model
import Scheduler
import WorkerDaemon

/// `penstock job find`.
struct JobFindCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find",
    abstract: "Lists the jobs of a file, newest first.",
    discussion: """
      One line for each job that looks at the file: id, type, state, what became of the file, path, and why. \
      A file is SUCCESS in a job that names it and succeeded, and FAILURE where the job gave it up. Of the files \
      below a job's path only the failed ones are kept by name, so the others are UNKNOWN, with the job's own end. \
      Jobs by index file are found for files that failed.
      """)

  @Option(help: "The file: a UFS URI, or a path below a mount.")
  var file: String
  @OptionGroup var coordinator: CoordinatorOptions

  func run() throws {
    var (last, count): (String?, Int) = (nil, 0)
    repeat {
      let key = last.map { [("lastKey", RequestValue.text($0))] } ?? []
      let answer = try coordinator.answer(
        "GET", "/api/v1/master/find_job", [("file", .text(file))] + key)
      for job in answer["jobs"]?.elements ?? [] {
        let fields = ["jobId", "jobType", "jobState", "fileState", "path"].map {
          job[$0]?.text ?? ""
        }
        let reason = job["reason"]?.text.map { ["(\($0))"] } ?? []
        guard Terminal.output((fields + reason).joined(separator: "  ")) else {
          throw ExitCode(ExitStatus.failure)
        }
        count += 1
      }
      last = answer["lastKey"]?.text
    } while last != nil
    guard count > 0 else {
      throw CoordinatorOptions.end(.failure("no job has the file \(file)"))
    }
  }
}
