// /v1/load: submit, progress and stop of load jobs by path (compat §2.4 rows 12–14, §7).

import HTTPWire
import Model
import UFS

extension RESTHandler {
  /// `GET /v1/load`.
  func answerLoad(_ request: RESTRequest, _ exchange: HTTPExchange) async throws(RESTProblem) {
    let query = try PathQuery.form(request.query[...])
    let asked = query.parameters.text("path") ?? query.path.path
    if let service = try jobService.service() {
      let body = try await answerLoad(through: service, query, asked)
      return await respond(exchange, json: body)
    }
    let body: [UInt8]
    switch query.parameters.text("opType")?.lowercased() {
    case "submit": body = try await submitLoad(query, asked)
    case "progress": body = try loadProgress(query, asked)
    case "stop": body = stopLoad(query, asked)
    default: throw .badParameter("opType", "must be submit, progress or stop")
    }
    await respond(exchange, json: body)
  }

  private func submitLoad(
    _ query: PathQuery, _ asked: String
  ) async throws(RESTProblem) -> [UInt8] {
    let options = try LoadOptions(query.parameters)
    let record = try value(try await record(of: query.path))
    let id: String
    let message: String
    switch loads.submit(path: record.status.ufsPath, options: options) {
    case .submitted(let job):
      id = job
      message = "Load '\(asked)' is successfully submitted. JobId: \(job)"
    case .alreadyRunning(let job):
      id = job
      // The space at the end is part of the line (compat §7.4).
      message = "Load already running for path '\(asked)' "
    case .refused:
      throw RESTProblem(503, "Too many jobs running, please submit later.")
    }
    return JSONWriter.object {
      $0.member("success", true)
      $0.member("jobId", id)
      $0.member("path", asked)
      $0.member("message", message)
    }
  }

  private func loadProgress(_ query: PathQuery, _ asked: String) throws(RESTProblem) -> [UInt8] {
    guard let job = loadJob(query.path) else {
      throw RESTProblem(404, "Load for path '\(asked)' cannot be found.")
    }
    let report = job.report(verbose: try query.parameters.boolean("verbose"))
    let isJSON = query.parameters.text("progressFormat")?.uppercased() == "JSON"
    return JSONWriter.object {
      $0.member("jobState", report.state.clientWord)
      $0.member("path", asked)
      $0.member("message", isJSON ? String(decoding: report.json, as: UTF8.self) : report.text)
      $0.name("respProperties")
      $0.object { _ in }
    }
  }

  private func stopLoad(_ query: PathQuery, _ asked: String) -> [UInt8] {
    let isStopped = loadJob(query.path)?.stop() ?? false
    return JSONWriter.object {
      $0.member("success", isStopped)
      $0.member("path", asked)
      $0.member(
        "message",
        isStopped
          ? "Load '\(asked)' is successfully stopped."
          : "Cannot find load job for path \(asked),"
            + " it might have already been stopped or finished")
    }
  }

  /// The job of a path in either reading.
  private func loadJob(_ path: RequestedPath) -> LoadJob? {
    for reading in [path.path, path.alternative] {
      // A path in no mount has no job; there is nothing else to say about it here.
      guard let reading, let place = try? place(of: reading) else { continue }
      if let job = loads.job(of: place.ufsPath) { return job }
    }
    return nil
  }
}

extension LoadOptions {
  /// The options of a submit (compat §2.9).
  ///
  /// - Throws: 400 naming the parameter that is wrong.
  package init(_ parameters: RESTParameters) throws(RESTProblem) {
    self.init()
    partialListing = try parameters.boolean("partialListing")
    verify = try parameters.boolean("verify")
    metadataOnly = try parameters.boolean("loadMetadataOnly")
    skipIfExists = try parameters.boolean("skipIfExists")
    if let text = parameters.text("bandwidth"), !text.isEmpty {
      guard let bytes = SizeText.parse(text) else {
        throw .badParameter("bandwidth", "must be bytes per second, such as 1048576 or 10MB")
      }
      bandwidth = bytes > 0 ? bytes : nil
    }
    if let pattern = parameters.text("fileFilterRegx"), !pattern.isEmpty {
      if let problem = LoadFilter.problem(of: pattern) {
        throw .badParameter("fileFilterRegx", problem)
      }
      fileFilter = pattern
    }
  }
}
