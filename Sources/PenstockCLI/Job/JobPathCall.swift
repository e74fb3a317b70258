// What `job load` and `job free` have in common: a job by its path (compat §7.4).

import ArgumentParser
import Model
import Scheduler
import WorkerDaemon

/// One call about a job.
struct JobPathCall {
  /// Its type.
  var type: JobType
  /// Its path, or index file, as it was typed.
  var subject: String
  /// What names it: `path`, `index` or `alias` with its text.
  var name: (String, String)
  /// Whom to ask.
  var coordinator: CoordinatorOptions

  private var word: String { type.word.lowercased() }

  /// Submits the job with `options`, and prints what became of it.
  func submit(_ options: [(String, String)]) throws {
    let answer = try coordinator.answer(
      "POST", "/api/v1/master/submit_job/\(word)", [name] + options)
    Terminal.output(answer["message"]?.text ?? "")
  }

  /// Stops the job.
  func stop() throws {
    let answer = try coordinator.answer("POST", "/api/v1/master/stop_job/\(word)", [name])
    Terminal.output(answer["message"]?.text ?? "")
  }

  /// Prints where the job stands.
  func progress(format: String, verbose: Bool) throws {
    let (status, answer) = try coordinator.request(
      "GET", "/api/v1/master/progress_job/\(word)",
      [name, ("format", format), ("verbose", "\(verbose)")])
    switch status {
    case 200: break
    case 404: throw CoordinatorOptions.end(.notFound(type, subject))
    default:
      throw CoordinatorOptions.end(.failure(CoordinatorOptions.refusal(status, answer)))
    }
    let job = JobSpecification(type, .paths([subject]))
    let record = JobRecord(id: JobID(high: 0, low: 0), job, submittedAt: 0)
    Terminal.output(ConsoleLine.progressHeading(record).text)
    let report = answer["message"]?.text ?? ""
    // The report's lines end with a line feed, of which the terminal adds the last one.
    Terminal.output(report.utf8.last == 10 ? String(report.dropLast()) : report)
  }
}
