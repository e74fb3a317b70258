// Where a worker's /v1/load goes when its loads are jobs: the coordinator in its process, or one at the other end of HTTP.

import HTTPWire
import Model
import Ring
import Scheduler

/// Loads as jobs, as a worker's REST API needs them; called on a ring.
protocol LoadJobService: Sendable {
  /// Submits a load of a UFS path; `isNew` is false when one runs already.
  func submitLoad(
    _ path: String, _ options: JobOptions
  ) async throws(RESTProblem) -> (id: JobID, isNew: Bool)

  /// Where the load of a UFS path stands, with its report as text or JSON; nil when there is none.
  func loadProgress(
    _ path: String, isVerbose: Bool, isJSON: Bool
  ) async throws(RESTProblem) -> (state: JobState, report: String)?

  /// Stops the load of a UFS path; false when none waits or runs.
  func stopLoad(_ path: String) async throws(RESTProblem) -> Bool
}

extension Coordinator: LoadJobService {
  func submitLoad(
    _ path: String, _ options: JobOptions
  ) async throws(RESTProblem) -> (id: JobID, isNew: Bool) {
    switch await submit(JobSpecification(.load, .paths([path]), options: options)) {
    case .submitted(let id, _): return (id, true)
    case .alreadyActive(let id, _): return (id, false)
    case .refused(let error): throw RESTProblem(error)
    }
  }

  func loadProgress(
    _ path: String, isVerbose: Bool, isJSON: Bool
  ) async throws(RESTProblem) -> (state: JobState, report: String)? {
    let found: JobProgress?
    do throws(SchedulerError) {
      found = try await progress(of: .name(.paths(.load, [path])))
    } catch { throw RESTProblem(error) }
    guard let found else { return nil }
    let report = JobReport(found, isVerbose: isVerbose)
    return (
      found.record.state, isJSON ? String(decoding: report.json, as: UTF8.self) : report.text
    )
  }

  func stopLoad(_ path: String) async throws(RESTProblem) -> Bool {
    switch await stop(.name(.paths(.load, [path]))) {
    case .stopped: return true
    case .refused(let error) where error.code != .notFound: throw RESTProblem(error)
    default: return false
    }
  }
}

/// The coordinator that a worker has joined, asked at its web port.
struct RemoteJobService: LoadJobService {
  /// Longest wait for an answer, and largest one.
  private static let limit: UInt64 = 30_000_000_000
  private static let sizeMax = 64 << 20

  private let client: HTTPClient
  private let origin: HTTPOrigin

  /// The job service at `origin`, asked through `client`.
  init(_ client: HTTPClient, _ origin: HTTPOrigin) { (self.client, self.origin) = (client, origin) }

  func submitLoad(
    _ path: String, _ options: JobOptions
  ) async throws(RESTProblem) -> (id: JobID, isNew: Bool) {
    var fields = [
      ("path", path), ("verify", "\(options.verify)"),
      ("partialListing", "\(options.partialListing)"),
      ("loadMetadataOnly", "\(options.metadataOnly)"), ("skipIfExists", "\(options.skipIfExists)"),
    ]
    if let bandwidth = options.bandwidth { fields.append(("bandwidth", "\(bandwidth)")) }
    if let filter = options.fileFilter { fields.append(("fileFilterRegex", filter)) }
    let (status, answer) = try await ask(.post, "submit_job", fields)
    guard status == 200, let id = answer["jobId"]?.text.flatMap({ JobID($0) }) else {
      throw refusal(status, answer)
    }
    return (id, answer["isNew"]?.truth ?? true)
  }

  func loadProgress(
    _ path: String, isVerbose: Bool, isJSON: Bool
  ) async throws(RESTProblem) -> (state: JobState, report: String)? {
    let (status, answer) = try await ask(
      .get, "progress_job",
      [("path", path), ("verbose", "\(isVerbose)"), ("format", isJSON ? "JSON" : "TEXT")])
    if status == 404 { return nil }
    guard status == 200, let state = answer["jobState"]?.text.flatMap({ JobState(word: $0) }) else {
      throw refusal(status, answer)
    }
    return (state, answer["message"]?.text ?? "")
  }

  func stopLoad(_ path: String) async throws(RESTProblem) -> Bool {
    let (status, answer) = try await ask(.post, "stop_job", [("path", path)])
    guard status == 200, let isStopped = answer["success"]?.truth else {
      throw refusal(status, answer)
    }
    return isStopped
  }

  private func refusal(_ status: Int, _ answer: JSONValue) -> RESTProblem {
    RESTProblem(
      [400, 404, 503, 507].contains(status) ? status : 502,
      answer["status"]?.text ?? "the coordinator at \(origin) says \(status)")
  }

  private func ask(
    _ method: HTTPMethod, _ call: String, _ fields: [(String, String)]
  ) async throws(RESTProblem) -> (status: Int, answer: JSONValue) {
    guard let reactor = Reactor.current else {
      preconditionFailure("the coordinator is asked on a ring")
    }
    let query = fields.map { "\($0)=\(PathCoding.encodePath($1))" }.joined(separator: "&")
    let request = HTTPClientRequest(
      method, origin, target: "/api/v1/master/\(call)/load?\(query)", isIdempotent: true)
    let (status, body): (Int, [UInt8])
    do throws(HTTPClientError) {
      let response = try await client.send(request, deadline: reactor.now &+ Self.limit)
      (status, body) = (
        Int(response.status), try await response.collect(max: Self.sizeMax)
      )
    } catch {
      throw RESTProblem(503, "no answer of the coordinator at \(origin): \(error)")
    }
    guard let answer = try? JSONReader.parse(body) else {
      throw RESTProblem(502, "the answer of the coordinator at \(origin) is no JSON")
    }
    return (status, answer)
  }
}
