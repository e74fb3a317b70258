// The calls of both generations (compat §7.7).

import HTTPWire
import Model
import Scheduler

extension CoordinatorAPI {
  /// Submits a job; the answer says whether it is new, and the line that people know.
  func submit(_ type: JobType, _ request: JobRequest) async throws(RESTProblem) -> [UInt8] {
    let asked = try request.specification(type)
    let isChecked = try await check(asked, request)
    switch await coordinator.submit(asked) {
    case .submitted(let id, let job):
      return Self.answer(
        true, id, ConsoleLine.submitted(asked, id), isNew: true,
        notice: await coordinator.notice(job, checked: isChecked))
    case .alreadyActive(let id, _):
      return Self.answer(true, id, ConsoleLine.alreadyRunning(asked), isNew: false)
    case .refused(let error): throw RESTProblem(error)
    }
  }

  /// Looks whether what a job asks for is there, if the request wants that; returns whether it does.
  ///
  /// - Throws: 400 when it is not there.
  private func check(
    _ job: JobSpecification, _ request: JobRequest
  ) async throws(RESTProblem) -> Bool {
    guard try request.truth("check") else { return false }
    if let problem = await coordinator.missing(job) { throw RESTProblem(400, problem) }
    return true
  }

  private static func answer(
    _ success: Bool, _ id: JobID?, _ line: ConsoleLine, isNew: Bool? = nil,
    notice: String? = nil
  ) -> [UInt8] {
    JSONWriter.object {
      $0.member("success", success)
      if let id { $0.member("jobId", "\(id)") }
      if let isNew { $0.member("isNew", isNew) }
      $0.member("message", line.text)
      if let notice { $0.member("notice", notice) }
    }
  }

  /// Progress by path, as text or JSON in `message`.
  func progress(_ type: JobType, _ request: JobRequest) async throws(RESTProblem) -> [UInt8] {
    let (progress, _) = try await find(type, request)
    let report = JobReport(progress, isVerbose: try request.truth("verbose"))
    let isJSON = try request.text("format")?.uppercased() == "JSON"
    return JSONWriter.object {
      $0.member("jobId", "\(progress.record.id)")
      $0.member("jobState", progress.record.state.word)
      $0.member("message", isJSON ? String(decoding: report.json, as: UTF8.self) : report.text)
    }
  }

  /// Stops a job; one that is not there is no error to this call.
  func stop(_ type: JobType, _ request: JobRequest) async throws(RESTProblem) -> [UInt8] {
    let (reference, subject) = try reference(type, request)
    switch await coordinator.stop(reference) {
    case .stopped(let id): return Self.answer(true, id, .stopped(type, subject))
    case .refused(let error) where error.code != .notFound: throw RESTProblem(error)
    default: return Self.answer(false, nil, .nothingToStop(type, subject))
    }
  }

  /// Jobs of a type and in a state.
  func list(_ request: JobRequest) async throws(RESTProblem) -> [UInt8] {
    let (page, _) = try await page(request)
    return JSONWriter.object {
      $0.name("jobs")
      $0.array { writer in
        for record in page.records {
          writer.object {
            $0.member("jobId", "\(record.id)")
            $0.member("jobType", record.specification.type.word)
            $0.member("jobState", record.state.word)
            $0.member("path", record.specification.subject)
            $0.member("submitted", DateText.iso(record.submittedAt))
          }
        }
      }
      if let next = page.next { $0.member("lastKey", "\(next)") }
    }
  }

  private func page(_ request: JobRequest) async throws(RESTProblem) -> (JobPage, Int) {
    var query = JobQuery(limit: Int(try request.number("count") ?? 1000).clamped(1, 10_000))
    query.after = try request.lastJob()
    if let word = try request.text("job-type"), word.uppercased() != "ALL" {
      guard let type = JobType(word: word) else {
        throw .badParameter("job-type", "must be LOAD, FREE, COPY or MOVE")
      }
      query.type = type
    }
    if let word = try request.text("job-state"), word.uppercased() != "ALL" {
      guard let state = JobState(word: word) else {
        throw .badParameter(
          "job-state", "must be WAITING, RUNNING, VERIFYING, STOPPED, SUCCEEDED, FAILED or ALL")
      }
      query.state = state
    }
    do throws(SchedulerError) { return (try await coordinator.list(query), query.limit) } catch {
      throw RESTProblem(error)
    }
  }

  // MARK: 3.6 and later

  /// Submits a load; the answer names it by id and alias.
  func submitLoad(_ request: JobRequest) async throws(RESTProblem) -> [UInt8] {
    var specification = try request.specification(.load)
    if specification.alias == nil {
      let digits = hexadecimal(Coordinator.randomWord())
      specification.alias = "load-\(digits)"
    }
    let isChecked = try await check(specification, request)
    switch await coordinator.submit(specification) {
    case .submitted(let id, let job):
      return Self.answer(
        id, alias: job.alias, notice: await coordinator.notice(job, checked: isChecked))
    case .alreadyActive(let id, _):
      let there = try await progress(of: .id(id))
      return Self.answer(id, alias: there?.record.specification.alias)
    case .refused(let error): throw RESTProblem(error)
    }
  }

  private static func answer(_ id: JobID, alias: String?, notice: String? = nil) -> [UInt8] {
    JSONWriter.object {
      $0.member("id", "\(id)")
      if let alias { $0.member("alias", alias) }
      if let notice { $0.member("notice", notice) }
    }
  }

  /// One load by `id`, `alias` or `path`; all without any of them.
  func loads(_ request: JobRequest) async throws(RESTProblem) -> [UInt8] {
    let isNamed = try request.text("id", "alias") != nil
    let hasTarget = try request.hasTarget()
    if isNamed || hasTarget {
      return JobReport(try await find(.load, request).progress).rest
    }
    let (page, limit) = try await page(request)
    var reports: [JobReport] = []
    for record in page.records where record.specification.type == .load {
      let now = try await progress(of: .id(record.id))
      reports.append(JobReport(now ?? JobProgress(record, at: Coordinator.date())))
    }
    return JSONWriter.object { writer in
      writer.name("results")
      writer.array { for report in reports { report.writeREST(to: &$0) } }
      if let next = page.next { writer.member("lastKey", "\(next)") }
      writer.member("count", min(limit, reports.count))
    }
  }

  // MARK: Which job

  func reference(
    _ type: JobType, _ request: JobRequest
  ) throws(RESTProblem) -> (Coordinator.Reference, subject: String) {
    if let text = try request.text("id", "jobId") {
      guard let id = JobID(text) else { throw .badParameter("id", "is no UUID") }
      return (.id(id), text)
    }
    if let alias = try request.text("alias") { return (.name(.alias(type, alias)), alias) }
    guard try request.hasTarget() else {
      throw RESTProblem(400, "name the job by path, id or alias")
    }
    let target = try request.target(type)
    return (coordinator.name(type, target), JobSpecification(type, target).subject)
  }

  func find(
    _ type: JobType, _ request: JobRequest
  ) async throws(RESTProblem) -> (progress: JobProgress, subject: String) {
    let (reference, subject) = try reference(type, request)
    guard let progress = try await progress(of: reference) else {
      throw RESTProblem(404, "No job found for \(subject)")
    }
    return (progress, subject)
  }

  func progress(
    of reference: Coordinator.Reference
  ) async throws(RESTProblem) -> JobProgress? {
    do throws(SchedulerError) { return try await coordinator.progress(of: reference) } catch {
      throw RESTProblem(error)
    }
  }
}

extension Int {
  /// The nearest number in a range.
  fileprivate func clamped(_ low: Int, _ high: Int) -> Int { Swift.min(high, Swift.max(low, self)) }
}
