// What the commands about one job have in common (compat §7.4).

import ArgumentParser
import Model
import Scheduler
import WorkerDaemon

/// One call about a job.
struct JobCall {
  /// Its type.
  var type: JobType
  /// What it is about, as it was typed; nil when it is known by its alias.
  var target: JobTarget?
  /// A name for it.
  var alias: String?
  /// Whom to ask.
  var coordinator: CoordinatorOptions

  private var word: String { type.word.lowercased() }

  /// How lines name the job.
  private var subject: String {
    target.map { JobSpecification(type, $0).subject } ?? alias ?? ""
  }

  /// What names it to the coordinator.
  private var name: [(String, RequestValue)] {
    var members: [(String, RequestValue)] = alias.map { [("alias", .text($0))] } ?? []
    switch target {
    case nil: break
    case .paths(let paths) where paths.count == 1: members.append(("path", .text(paths[0])))
    case .paths(let paths): members.append(("paths", .texts(paths)))
    case .index(let index): members.append(("indexFile", .text(index)))
    case .transfer(let source, let destination):
      members += [("src", .text(source)), ("dst", .text(destination))]
    case .indexedTransfer(let index, let source, let destination):
      members += [
        ("indexFile", .text(index)), ("src", .text(source)), ("dst", .text(destination)),
      ]
    }
    return members
  }

  /// Does what was asked for.
  func run(
    _ action: JobAction, _ options: [(String, String)], _ report: JobReportOptions
  ) throws {
    switch action {
    case .submit: try submit(options, report)
    case .stop: try stop()
    case .progress:
      guard let status = report.fileStatus else { return try progress(report) }
      try listFiles(status.uppercased(), report)
    }
  }

  /// Submits the job with `options`, and prints what became of it.
  private func submit(_ options: [(String, String)], _ report: JobReportOptions) throws {
    let members = name + options.map { ($0, .text($1)) } + [("check", .text("true"))]
    let answer = try coordinator.answer("POST", "/api/v1/master/submit_job/\(word)", members)
    if !(report.watch && report.isJSON) { Terminal.output(answer["message"]?.text ?? "") }
    if let notice = answer["notice"]?.text { Terminal.error("\(notice)") }
    guard report.watch, let id = answer["jobId"]?.text else { return }
    var watch = JobWatch(
      type: type, id: id, isJSON: report.isJSON, isTerminal: Terminal.isTerminal,
      coordinator: coordinator)
    let state = try watch.run()
    if !report.isJSON { try progress(report, by: [("id", .text(id))]) }
    guard state == .succeeded else { throw ExitCode(ConsoleLine.failure("").code & 0xFF) }
  }

  /// Stops the job.
  private func stop() throws {
    let answer = try coordinator.answer("POST", "/api/v1/master/stop_job/\(word)", name)
    Terminal.output(answer["message"]?.text ?? "")
  }

  /// Prints where the job stands.
  private func progress(
    _ report: JobReportOptions, by reference: [(String, RequestValue)]? = nil
  ) throws {
    let answer = try found(
      "progress_job",
      (reference ?? name) + [
        ("format", .text(report.format.uppercased())), ("verbose", .text("\(report.verbose)")),
      ])
    let job = JobSpecification(type, target ?? .paths([subject]))
    let id = answer["jobId"]?.text.flatMap { JobID($0) } ?? JobID(high: 0, low: 0)
    Terminal.output(
      ConsoleLine.progressHeading(JobRecord(id: id, job, submittedAt: 0)).text)
    let text = answer["message"]?.text ?? ""
    // The report's lines end with a line feed, of which the terminal adds the last one.
    Terminal.output(text.utf8.last == 10 ? String(text.dropLast()) : text)
  }

  /// The answer about a job.
  ///
  /// - Throws: exit code −2 when there is no such job, −1 for other refusals, each after a line.
  private func found(
    _ call: String, _ members: [(String, RequestValue)]
  ) throws -> JSONValue {
    try CoordinatorOptions.reporting {
      let (status, answer, _) = try coordinator.request(
        "GET", "/api/v1/master/\(call)/\(word)", members)
      switch status {
      case 200: return answer
      case 404: throw CoordinatorFailure(line: .notFound(type, subject))
      default:
        throw CoordinatorFailure(
          line: .failure(CoordinatorOptions.refusal(status, answer)))
      }
    }
  }

  /// Prints the files of the job in a state.
  private func listFiles(_ status: String, _ report: JobReportOptions) throws {
    guard status == "FAILURE" else {
      throw CoordinatorOptions.end(
        .failure("jobs keep no list of files that succeeded: all that are not listed as FAILURE"))
    }
    var next: String?
    repeat {
      let key = next.map { [("lastKey", RequestValue.text($0))] } ?? []
      let answer = try found("failed_files", name + key)
      for file in answer["files"]?.elements ?? [] {
        guard Terminal.output(line(of: file, report)) else { throw ExitCode(ExitStatus.failure) }
      }
      next = answer["lastKey"]?.text
      if let rest = answer["unnamed"]?.integer {
        Terminal.error("\(rest) more files failed, of which no list is kept")
      }
    } while next != nil
  }

  private func line(of file: JSONValue, _ report: JobReportOptions) -> String {
    let (path, reason) = (file["path"]?.text ?? "", file["reason"]?.text ?? "")
    guard report.isJSON else {
      let failed = FailedFile(path: path, length: 0, reason: reason)
      return String(FailedList.line(failed).dropLast())
    }
    let bytes = JSONWriter.object {
      $0.member("path", path)
      $0.member("state", "FAILURE")
      $0.member("length", file["length"]?.integer ?? 0)
      $0.member("reason", reason)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
