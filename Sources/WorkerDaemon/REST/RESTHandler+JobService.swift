// /v1/load of a worker with a coordinator in its process: the same answers, and the jobs are the coordinator's.

import Model
import Scheduler
import UFS

extension RESTHandler {
  /// The answer of `GET /v1/load`.
  func answerLoad(
    through coordinator: Coordinator, _ query: PathQuery, _ asked: String
  ) async throws(RESTProblem) -> [UInt8] {
    switch query.parameters.text("opType")?.lowercased() {
    case "submit": return try await submitLoad(to: coordinator, query, asked)
    case "progress": return try await loadProgress(from: coordinator, query, asked)
    case "stop": return try await stopLoad(of: coordinator, query, asked)
    default: throw .badParameter("opType", "must be submit, progress or stop")
    }
  }

  private func submitLoad(
    to coordinator: Coordinator, _ query: PathQuery, _ asked: String
  ) async throws(RESTProblem) -> [UInt8] {
    let options = JobOptions(try LoadOptions(query.parameters))
    let record = try value(try await record(of: query.path))
    let job = JobSpecification(.load, .paths([record.status.ufsPath]), options: options)
    let named = JobSpecification(.load, .paths([asked]), options: options)
    let (id, line): (JobID, ConsoleLine)
    switch await coordinator.submit(job) {
    case .submitted(let new, _): (id, line) = (new, .submitted(named, new))
    case .alreadyActive(let there, _): (id, line) = (there, .alreadyRunning(named))
    case .refused(let error): throw RESTProblem(error)
    }
    return JSONWriter.object {
      $0.member("success", true)
      $0.member("jobId", "\(id)")
      $0.member("path", asked)
      $0.member("message", line.text)
    }
  }

  private func loadProgress(
    from coordinator: Coordinator, _ query: PathQuery, _ asked: String
  ) async throws(RESTProblem) -> [UInt8] {
    var found: JobProgress?
    for name in names(of: query.path) where found == nil {
      do throws(SchedulerError) { found = try await coordinator.progress(of: .name(name)) } catch {
        throw RESTProblem(error)
      }
    }
    guard let found else { throw RESTProblem(404, "Load for path '\(asked)' cannot be found.") }
    let report = JobReport(found, isVerbose: try query.parameters.boolean("verbose"))
    let isJSON = query.parameters.text("progressFormat")?.uppercased() == "JSON"
    // Clients know no job that waits (compat §17).
    let state = found.record.state == .waiting ? JobState.running : found.record.state
    return JSONWriter.object {
      $0.member("jobState", state.word)
      $0.member("path", asked)
      $0.member("message", isJSON ? String(decoding: report.json, as: UTF8.self) : report.text)
      $0.name("respProperties")
      $0.object { _ in }
    }
  }

  private func stopLoad(
    of coordinator: Coordinator, _ query: PathQuery, _ asked: String
  ) async throws(RESTProblem) -> [UInt8] {
    var isStopped = false
    for name in names(of: query.path) where !isStopped {
      switch await coordinator.stop(.name(name)) {
      case .stopped: isStopped = true
      case .refused(let error) where error.code != .notFound: throw RESTProblem(error)
      default: break
      }
    }
    let line = isStopped ? ConsoleLine.stopped(.load, asked) : .nothingToStop(.load, asked)
    return JSONWriter.object {
      $0.member("success", isStopped)
      $0.member("path", asked)
      $0.member("message", line.text)
    }
  }

  /// The names of loads that a path may mean, in either reading.
  private func names(of path: RequestedPath) -> [JobIdentity] {
    [path.path, path.alternative].compactMap { reading in
      // A path in no mount has no job; there is nothing else to say about it here.
      guard let reading, let place = try? place(of: reading) else { return nil }
      return .paths(.load, [place.ufsPath])
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
