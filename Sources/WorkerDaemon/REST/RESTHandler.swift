// Port 28080: the worker's REST API (compat §2.3–2.9).
//
//   request ─▶ RESTRoute ─▶ PathQuery (which path is meant) ─▶ one function per endpoint ─▶ FileService, UFS, LoadJobs
//
// Every wait for the UFS has a deadline: the clients of this port have none. Every change is answered once the
// UFS has it, and drops what the cache knew of the paths it touched.

package import HTTPWire
import Model
import Ring
import UFS

/// Serves the REST API.
package struct RESTHandler: HTTPHandler {
  /// Settings of the REST API.
  package struct Options: Sendable {
    /// Host name or address that clients reach this worker by, on this port and on the object port.
    ///
    /// Empty tells each client the address that its own connection came to: that one is reachable for certain.
    package var advertisedHost: String
    /// Port of this API as clients reach it.
    package var advertisedPort: UInt16
    /// Status of /v1/info for a missing path.
    package var missingInfoStatus = MissingInfoStatus.auto
    /// Longest wait for an answer of the UFS to a question.
    package var questionDeadline: Duration = .seconds(60)
    /// Longest wait for the UFS to make a change.
    package var changeDeadline: Duration = .seconds(600)
    /// Whether mounts are loaded; /v1/ufsInfo answers 503 until then.
    package var isReady: @Sendable () -> Bool = { true }

    /// Options with what has no default.
    package init(advertisedHost: String, advertisedPort: UInt16) {
      self.advertisedHost = advertisedHost
      self.advertisedPort = advertisedPort
    }
  }

  let files: FileService
  let log: RequestLog
  let loads: LoadJobs
  let jobService: JobServiceLink
  let options: Options
  let peers = InfoPeers()
  let known = KnownFiles()
  let uploadBuffers: [ReadBufferPool]
  private let fixedNodeBody: [UInt8]

  /// A handler over `files` and `loads` for a server with `ringCount` rings.
  package init(
    files: FileService, loads: LoadJobs, jobService: JobServiceLink = JobServiceLink(),
    ringCount: Int, options: Options
  ) {
    self.files = files
    log = RequestLog(label: "rest", failures: files.failures)
    self.loads = loads
    self.jobService = jobService
    self.options = options
    uploadBuffers = (0..<ringCount).map { _ in
      ReadBufferPool(capacity: Self.uploadBytesPerRing)
    }
    fixedNodeBody = RESTJSON.node(host: options.advertisedHost, port: options.advertisedPort)
  }

  /// Bytes a ring may hold in buffers of uploads; more uploads wait for their turn.
  private static let uploadBytesPerRing = 32 << 20

  package func handle(_ exchange: HTTPExchange) async {
    let request = RESTRequest(exchange)
    switch RESTRoute.match(path: request.path[...], method: request.method) {
    case .found(let route): await answer(route, request, exchange)
    case .methodNotAllowed(let allow):
      let list = allow.joined(separator: ", ")
      await exchange.respond(
        .methodNotAllowed, contentType: "application/json", extra: { $0.header("Allow", list) },
        body: RESTJSON.message("\(request.method) is not answered here; use \(list)"))
    case .unknown(let near):
      await respond(
        exchange, RESTProblem(404, "Unknown endpoint; did you mean \(near.joined(separator: ", "))")
      )
    }
  }

  private func answer(
    _ route: RESTRoute, _ request: RESTRequest, _ exchange: HTTPExchange
  ) async {
    do throws(RESTProblem) {
      switch route.endpoint {
      case .node:
        await respond(exchange, json: nodeBody(exchange))
      case .health:
        await exchange.respond(.ok, contentType: "text/plain", body: Array("worker is active".utf8))
      case .ufsInfo: try await answerUFSInfo(exchange)
      case .files: try await answerFiles(request, exchange)
      case .info: try await answerInfo(request, exchange)
      case .load: try await answerLoad(request, exchange)
      case .chunk where request.isChange: try await storeFile(route, request, exchange)
      case .page where request.isChange: try await storePage(route, request, exchange)
      case .chunk, .page, .range, .head, .tail: try await read(route, request, exchange)
      case .mkdir, .touch, .rm: try await change(route, request, exchange)
      case .mv, .copy: try await changePair(route, request, exchange)
      }
    } catch {
      await respond(exchange, error)
    }
  }

  /// The answer of /v1/node: always this worker, the only one there is.
  private func nodeBody(_ exchange: HTTPExchange) -> [UInt8] {
    guard options.advertisedHost.isEmpty else { return fixedNodeBody }
    guard case .ip(let host, let port)? = exchange.localAddress else { return fixedNodeBody }
    // Clients paste the host into a URL, where an IPv6 address stands in brackets.
    return RESTJSON.node(
      host: host.bracketedHost, port: port)
  }

  /// Sends a refusal.
  func respond(_ exchange: HTTPExchange, _ problem: RESTProblem) async {
    log.refused(
      exchange, status: problem.httpStatus.code, reason: problem.message,
      failure: problem.failure)
    await exchange.respond(
      problem.httpStatus, contentType: "application/json",
      extra: { writer in
        writer.header("X-Request-Id", RequestLog.id(of: exchange))
        if problem.status == 503 { writer.header("Retry-After", "1") }
      },
      body: RESTJSON.message(problem.message))
  }

  /// Sends a JSON body with 200.
  func respond(_ exchange: HTTPExchange, json body: [UInt8]) async {
    await exchange.respond(.ok, contentType: "application/json", body: body)
  }

  /// Asks `question` of the UFS within `limit`; one that changes something is not cancelled when it is late, nor when the
  /// client leaves.
  ///
  /// What it asks of a remote store ends by the limit too, unless it is `unbounded`: the change of a tree takes its time, each
  /// request of it has its own.
  ///
  /// - Throws: 504 when time passes first.
  func ask<T: Sendable>(
    within limit: Duration, changes: Bool = false, unbounded: Bool = false,
    _ question: @escaping @Sendable () async -> Result<T, UFSError>
  ) async throws(RESTProblem) -> Result<T, UFSError> {
    guard let reactor = Reactor.current else {
      preconditionFailure("requests are served on a reactor")
    }
    // A little earlier, so that a store which does not answer is told of by name.
    let patience = limit - min(limit / 16, .seconds(1))
    let deadline = unbounded ? .max : reactor.now &+ patience.nanoseconds
    let answer = await Deadline.run(limit, cancelsLate: !changes) {
      await UFSDeadline.hold(deadline) { await question() }
    }
    guard let answer else { throw .overdue(limit) }
    return answer
  }

  /// The value of a result of the UFS.
  ///
  /// - Throws: The refusal that stands for its failure.
  func value<T>(_ result: Result<T, UFSError>) throws(RESTProblem) -> T {
    do throws(UFSError) { return try result.get() } catch { throw RESTProblem(error) }
  }

  /// Whether the client escapes paths before it hashes them, as far as can be known.
  func isEscapingClient(_ exchange: HTTPExchange) -> Bool {
    peers.contains(InfoPeers.host(of: exchange.peerAddress), now: exchange.reactor.now)
  }
}
