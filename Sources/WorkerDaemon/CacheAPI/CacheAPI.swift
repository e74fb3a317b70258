// /v1/cache/…: what operators see and say of the cache. On the operations port, apart from the clients' data.
//
//   request ─▶ endpoint by its word ─▶ parameters (JSON body, or query) ─▶ CachePolicies on a blocking thread ─▶ JSON
//
//   status GET · files GET · free POST · pin GET POST DELETE · unpin POST · scrub GET POST
//   priority, ttl, quota: GET lists, POST adds, PUT updates, DELETE removes

import HTTPWire
import Model
package import UFS

/// Serves the cache API.
package struct CacheAPI: Sendable {
  /// Path that all endpoints begin with.
  static let prefix = "/v1/cache/"
  /// Largest body of a request.
  private static let bodySizeMax = 64 << 10

  /// An endpoint.
  enum Endpoint: String, CaseIterable {
    case status, files, free, pin, unpin, priority, ttl, quota, scrub

    /// Methods that it answers.
    var methods: [String] {
      switch self {
      case .status, .files: ["GET", "HEAD"]
      case .free, .unpin: ["POST"]
      case .pin: ["GET", "HEAD", "POST", "DELETE"]
      case .priority, .ttl, .quota: ["GET", "HEAD", "POST", "PUT", "DELETE"]
      case .scrub: ["GET", "HEAD", "POST"]
      }
    }
  }

  let policies: CachePolicies
  let mounts: MountTable
  private let log = RequestLog(label: "cache")

  /// The API over `policies` for paths in `mounts`.
  package init(policies: CachePolicies, mounts: MountTable) {
    self.policies = policies
    self.mounts = mounts
  }

  /// Answers `exchange`, whose path begins with ``prefix``.
  func handle(_ exchange: HTTPExchange) async {
    let request = RESTRequest(exchange)
    let word = String(decoding: request.path.dropFirst(Self.prefix.utf8.count), as: UTF8.self)
    guard let endpoint = Endpoint(rawValue: word) else {
      let all = Endpoint.allCases.map { Self.prefix + $0.rawValue }.joined(separator: ", ")
      return await refuse(
        exchange, CacheProblem(404, "NOT_FOUND", "unknown endpoint; there are \(all)"))
    }
    guard endpoint.methods.contains(request.method) else {
      let list = endpoint.methods.joined(separator: ", ")
      let problem = CacheProblem(
        405, "METHOD_NOT_ALLOWED", "\(request.method) is not answered here; use \(list)")
      return await refuse(exchange, problem, allow: list)
    }
    do throws(CacheProblem) {
      let body = try await body(of: exchange)
      let parameters = try CacheParameters(query: request.query, body: body)
      let answer = try await answer(endpoint, request.method, parameters)
      await exchange.respond(.ok, contentType: "application/json", body: answer)
    } catch {
      await refuse(exchange, error)
    }
  }

  private func answer(
    _ endpoint: Endpoint, _ method: String, _ parameters: CacheParameters
  ) async throws(CacheProblem) -> [UInt8] {
    let change: RuleChange? =
      switch method {
      case "POST": .add
      case "PUT": .update
      case "DELETE": .remove
      default: nil
      }
    switch endpoint {
    case .status: return await status()
    case .files: return try await files(parameters)
    case .free: return try await free(parameters)
    case .pin: return try await pin(change, parameters)
    case .unpin: return try await pin(.remove, parameters)
    case .priority: return try await priority(change, parameters)
    case .ttl: return try await ttl(change, parameters)
    case .quota: return try await quota(change, parameters)
    case .scrub: return try scrub(change, parameters)
    }
  }

  /// The rule path of the parameter `path`: an Alluxio path, or the path of a UFS in a mount.
  func path(_ parameters: CacheParameters) throws(CacheProblem) -> RulePath {
    try path(of: try parameters.required("path"))
  }

  /// The rule path of `text`.
  func path(of text: String) throws(CacheProblem) -> RulePath {
    do throws(UFSError) {
      let place =
        text.utf8.first == UInt8(ascii: "/")
        ? try mounts.locate(alluxioPath: text) : try mounts.locate(ufsPath: text)
      return RulePath(place.alluxioPath)
    } catch {
      throw CacheProblem(error)
    }
  }

  /// Runs what blocks on a thread that may, and returns its value.
  func perform<T: Sendable>(
    _ body: @escaping @Sendable () -> Result<T, CacheProblem>
  ) async throws(CacheProblem) -> T {
    guard let result = await policies.calls.perform(body).value else { throw .metastoreHangs }
    return try result.get()
  }

  private func body(of exchange: HTTPExchange) async throws(CacheProblem) -> [UInt8] {
    guard exchange.request.hasBody else { return [] }
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Self.bodySizeMax + 1, alignment: 8)
    defer { unsafe buffer.deallocate() }
    var count = 0
    do throws(HTTPError) {
      while count < buffer.count {
        // SAFETY: the slice is inside the buffer, which outlives the read.
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
        let read = try await unsafe exchange.readBody(into: rest)
        if read == 0 { return unsafe Array(buffer[..<count]) }
        count += read
      }
    } catch {
      throw CacheProblem(400, "INVALID", "the body of the request could not be read")
    }
    throw CacheProblem(413, "INVALID", "a body has at most \(Self.bodySizeMax) bytes")
  }

  private func refuse(
    _ exchange: HTTPExchange, _ problem: CacheProblem, allow: String? = nil
  ) async {
    let status = RESTProblem(problem.status, problem.message).httpStatus
    log.refused(exchange, status: status.code, reason: problem.message)
    await exchange.respond(
      status, contentType: "application/json",
      extra: { writer in
        writer.header("X-Request-Id", RequestLog.id(of: exchange))
        if let allow { writer.header("Allow", allow) }
      }, body: problem.body)
  }
}
