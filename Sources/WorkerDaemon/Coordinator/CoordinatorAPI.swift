// Port 19999: the job service over REST (compat §7.7), metrics and health.
//
//   /api/v1/master/{submit,progress,stop}_job/{load,free,copy,move} · /api/v1/master/{job_counts,failed_files}/{load,…}
//   /api/v1/master/{list,find,rerun}_job · /api/v1/load · /api/v1/{nodes,pins} · /metrics · /healthz · /readyz

package import HTTPWire
import Model
import Scheduler

/// Serves a coordinator's web port.
package struct CoordinatorAPI: HTTPHandler {
  /// Largest body of a request: an index of paths fits.
  private static let bodySizeMax = 2 << 20
  /// What the paths of calls about jobs of one type begin with.
  private static let typed = "/api/v1/master/"

  let coordinator: Coordinator
  let nodes: CoordinatorNodes
  let obstacle: @Sendable () -> String?
  private let log = RequestLog(label: "jobs")

  /// A handler over `coordinator` and its `nodes`; not ready while there is an `obstacle`.
  init(
    _ coordinator: Coordinator, _ nodes: CoordinatorNodes,
    obstacle: @escaping @Sendable () -> String?
  ) {
    self.coordinator = coordinator
    self.nodes = nodes
    self.obstacle = obstacle
  }

  package func handle(_ exchange: HTTPExchange) async {
    let request = RESTRequest(exchange)
    do throws(RESTProblem) {
      let body = try await body(of: exchange)
      try await answer(request, JobRequest(query: request.query, body: body), exchange)
    } catch {
      log.refused(exchange, status: error.httpStatus.code, reason: error.message)
      await exchange.respond(
        error.httpStatus, contentType: "application/json",
        extra: { $0.header("X-Request-Id", RequestLog.id(of: exchange)) },
        body: JSONWriter.object { $0.member("status", error.message) })
    }
  }

  private func answer(
    _ request: RESTRequest, _ job: JobRequest, _ exchange: HTTPExchange
  ) async throws(RESTProblem) {
    let path = String(decoding: request.path, as: UTF8.self)
    let json: [UInt8]
    switch (request.method, path) {
    case ("GET", "/metrics"), ("GET", "/metrics/"), ("GET", "/metrics/prometheus"):
      var page = MetricsPage()
      page.gauge(
        "penstock_build_info", "Version of this coordinator.",
        [("version=\"\(Version.text)\"", 1)])
      page.add(await coordinator.metrics())
      return await exchange.respond(
        .ok, contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(page.text.utf8))
    case ("GET", "/healthz"):
      return await exchange.respond(.ok, contentType: "text/plain", body: Array("ok\n".utf8))
    case ("GET", "/readyz"):
      if let obstacle = obstacle() { throw RESTProblem(503, obstacle) }
      return await exchange.respond(.ok, contentType: "text/plain", body: Array("ready\n".utf8))
    case ("GET", "/api/v1/master/list_job"): json = try await list(job)
    case ("POST", "/api/v1/load"): json = try await submitLoad(job)
    case ("GET", "/api/v1/nodes"): json = await nodeReports()
    case ("GET", "/api/v1/pins"): json = pinned()
    case ("POST", "/api/v1/pins"): json = try await pin(job, isPinned: true)
    case ("DELETE", "/api/v1/pins"): json = try await pin(job, isPinned: false)
    case ("GET", "/api/v1/load"): json = try await loads(job)
    case ("POST", "/api/v1/load/stop"), ("DELETE", "/api/v1/load"):
      json = try await stop(.load, job)
    case ("GET", "/api/v1/master/find_job"): json = try await findJobs(job)
    case ("POST", "/api/v1/master/rerun_job"):
      throw RESTProblem(503, ConsoleLine.noRerun.text)
    default:
      guard let answer = try await answer(request.method, typed: path, job) else {
        throw RESTProblem(404, "No such endpoint: \(request.method) \(path)")
      }
      json = answer
    }
    await exchange.respond(.ok, contentType: "application/json", body: json)
  }

  /// The answer of a call about jobs of one type, whose word ends its path; nil when there is no such call.
  private func answer(
    _ method: String, typed path: String, _ job: JobRequest
  ) async throws(RESTProblem) -> [UInt8]? {
    guard path.hasPrefix(Self.typed) else { return nil }
    let words = path.dropFirst(Self.typed.count).split(
      separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard words.count == 2, let type = JobType(word: String(words[1])) else { return nil }
    switch (method, words[0]) {
    case ("POST", "submit_job"): return try await submit(type, job)
    case ("GET", "progress_job"): return try await progress(type, job)
    case ("GET", "job_counts"): return try await counts(type, job)
    case ("GET", "failed_files"): return try await failedFiles(type, job)
    case ("POST", "stop_job"): return try await stop(type, job)
    default: return nil
    }
  }

  private func body(of exchange: HTTPExchange) async throws(RESTProblem) -> [UInt8] {
    guard exchange.request.hasBody else { return [] }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
    defer { unsafe buffer.deallocate() }
    var bytes: [UInt8] = []
    do throws(HTTPError) {
      while bytes.count <= Self.bodySizeMax {
        let count = try await unsafe exchange.readBody(into: buffer)
        if count == 0 { return bytes }
        unsafe bytes += buffer[..<count]
      }
    } catch {
      throw RESTProblem(400, "the body of the request could not be read")
    }
    throw RESTProblem(413, "a body has at most \(Self.bodySizeMax) bytes")
  }
}

extension RESTProblem {
  /// The refusal that stands for one of the job service.
  init(_ error: SchedulerError) {
    let status =
      switch error.code {
      case .invalid: 400
      case .notFound: 404
      case .capacity, .unavailable, .closed: 503
      case .noSpace: 507
      case .readOnly, .corrupt, .locked, .newer: 500
      }
    self.init(status, error.description)
  }
}
