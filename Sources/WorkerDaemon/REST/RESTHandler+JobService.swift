// /v1/load of a worker whose loads are jobs of a coordinator: the same answers, and the jobs are the coordinator's.

import Model
import Scheduler
import UFS

extension RESTHandler {
  /// The answer of `GET /v1/load`.
  func answerLoad(
    through service: any LoadJobService, _ query: PathQuery, _ asked: String
  ) async throws(RESTProblem) -> [UInt8] {
    switch query.parameters.text("opType")?.lowercased() {
    case "submit": return try await submitLoad(to: service, query, asked)
    case "progress": return try await loadProgress(from: service, query, asked)
    case "stop": return try await stopLoad(of: service, query, asked)
    default: throw .badParameter("opType", "must be submit, progress or stop")
    }
  }

  private func submitLoad(
    to service: any LoadJobService, _ query: PathQuery, _ asked: String
  ) async throws(RESTProblem) -> [UInt8] {
    let options = JobOptions(try LoadOptions(query.parameters))
    let record = try value(try await record(of: query.path))
    let (id, isNew) = try await service.submitLoad(record.status.ufsPath, options)
    let named = JobSpecification(.load, .paths([asked]), options: options)
    let line: ConsoleLine = isNew ? .submitted(named, id) : .alreadyRunning(named)
    return JSONWriter.object {
      $0.member("success", true)
      $0.member("jobId", "\(id)")
      $0.member("path", asked)
      $0.member("message", line.text)
    }
  }

  private func loadProgress(
    from service: any LoadJobService, _ query: PathQuery, _ asked: String
  ) async throws(RESTProblem) -> [UInt8] {
    let isVerbose = try query.parameters.boolean("verbose")
    let isJSON = query.parameters.text("progressFormat")?.uppercased() == "JSON"
    var found: (state: JobState, report: String)?
    for path in ufsPaths(of: query.path) where found == nil {
      found = try await service.loadProgress(path, isVerbose: isVerbose, isJSON: isJSON)
    }
    guard let found else { throw RESTProblem(404, "Load for path '\(asked)' cannot be found.") }
    // Clients know no job that waits (compat §17).
    let state = found.state == .waiting ? JobState.running : found.state
    return JSONWriter.object {
      $0.member("jobState", state.word)
      $0.member("path", asked)
      $0.member("message", found.report)
      $0.name("respProperties")
      $0.object { _ in }
    }
  }

  private func stopLoad(
    of service: any LoadJobService, _ query: PathQuery, _ asked: String
  ) async throws(RESTProblem) -> [UInt8] {
    var isStopped = false
    for path in ufsPaths(of: query.path) where !isStopped {
      isStopped = try await service.stopLoad(path)
    }
    let line: ConsoleLine = isStopped ? .stopped(.load, asked) : .nothingToStop(.load, asked)
    return JSONWriter.object {
      $0.member("success", isStopped)
      $0.member("path", asked)
      $0.member("message", line.text)
    }
  }

  /// The UFS paths that a path may mean, in either reading.
  private func ufsPaths(of path: RequestedPath) -> [String] {
    [path.path, path.alternative].compactMap { reading in
      // A path in no mount has no job; there is nothing else to say about it here.
      guard let reading, let place = try? place(of: reading) else { return nil }
      return place.ufsPath
    }
  }
}

extension JobOptions {
  /// The options of a load as clients of workers give them.
  init(_ options: LoadOptions) {
    self.init()
    bandwidth = options.bandwidth
    verify = options.verify
    partialListing = options.partialListing
    metadataOnly = options.metadataOnly
    skipIfExists = options.skipIfExists
    fileFilter = options.fileFilter
  }
}
