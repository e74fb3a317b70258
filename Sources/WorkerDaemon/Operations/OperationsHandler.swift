// Port 30000: /metrics for Prometheus, /healthz and /readyz for supervisors, /v1/numa and /v1/short-circuit for
// `penstock info`, /v1/cache/… for `penstock cache`, / for people.

package import HTTPWire

/// Serves the state of the daemon.
package struct OperationsHandler: HTTPHandler {
  private let metrics: @Sendable () -> MetricsPage
  private let readiness: @Sendable () -> Readiness
  private let numa: @Sendable () -> NUMAReport
  private let shortCircuit: @Sendable () -> ShortCircuitReport?
  private let cache: CacheAPI?

  /// Whether the daemon can serve, and if not, why.
  package enum Readiness: Sendable, Equatable {
    /// It can.
    case ready
    /// It cannot, for the reason given.
    case notReady(String)
  }

  /// A handler that asks `metrics`, `readiness`, `numa` and `shortCircuit` at each request, and leaves `/v1/cache/…` to `cache`.
  package init(
    metrics: @escaping @Sendable () -> MetricsPage,
    readiness: @escaping @Sendable () -> Readiness,
    numa: @escaping @Sendable () -> NUMAReport,
    shortCircuit: @escaping @Sendable () -> ShortCircuitReport? = { nil }, cache: CacheAPI? = nil
  ) {
    self.shortCircuit = shortCircuit
    self.metrics = metrics
    self.readiness = readiness
    self.numa = numa
    self.cache = cache
  }

  package func handle(_ exchange: HTTPExchange) async {
    if let cache, unsafe exchange.request.rawPath.starts(with: CacheAPI.prefix.utf8) {
      return await cache.handle(exchange)
    }
    let method = exchange.request.method
    guard method == .get || method == .head else {
      return await exchange.respond(
        .methodNotAllowed, contentType: "application/json",
        extra: { $0.header("Allow", "GET, HEAD") },
        body: JSONText.message("this port answers GET and HEAD"))
    }
    switch unsafe String(decoding: exchange.request.rawPath, as: UTF8.self) {
    case "/metrics", "/metrics/", "/metrics/prometheus", "/metrics/prometheus/":
      await exchange.respond(
        .ok, contentType: "text/plain; version=0.0.4; charset=utf-8",
        body: Array(metrics().text.utf8))
    case "/healthz":
      // Answering at all is the proof: the request came through a ring.
      await exchange.respond(.ok, contentType: "text/plain", body: Array("ok\n".utf8))
    case "/readyz": await answerReadiness(exchange)
    case "/v1/numa":
      await answer(exchange, json: { numa().json }, text: { numa().text })
    case "/v1/short-circuit": await answerShortCircuit(exchange)
    case "/":
      await exchange.respond(.ok, contentType: "text/plain", body: Array(Self.index.utf8))
    default:
      await exchange.respond(
        .notFound, contentType: "application/json",
        body: JSONText.message(
          "unknown path; there are /metrics, /healthz, /readyz, /v1/numa, /v1/short-circuit and /v1/cache/…"
        ))
    }
  }

  private static let index = """
    Penstock worker
      /metrics   counters and gauges, Prometheus text
      /healthz   200 while the process answers
      /readyz    200 while it can serve, 503 with the reason otherwise
      /v1/numa   NUMA nodes, rings, arenas and volumes as JSON; ?format=text for people
      /v1/short-circuit the domain socket: clients, leases, bytes; JSON, ?format=text for people
      /v1/cache/ status, files, free, pin, unpin, priority, ttl, quota, scrub: what `penstock cache` says

    """

  private func answerShortCircuit(_ exchange: HTTPExchange) async {
    guard let report = shortCircuit() else {
      return await exchange.respond(
        .notFound, contentType: "application/json",
        body: JSONText.message(
          "this worker has no domain socket: set \(ShortCircuitSettings.addressKey)"))
    }
    await answer(exchange, json: { report.json }, text: { report.text })
  }

  /// Sends a report as JSON, or for people when the query says so.
  private func answer(
    _ exchange: HTTPExchange, json: () -> [UInt8], text: () -> String
  ) async {
    switch exchange.request.queryText {
    case nil, "", "format=json":
      await exchange.respond(.ok, contentType: "application/json", body: json())
    case "format=text":
      await exchange.respond(
        .ok, contentType: "text/plain; charset=utf-8", body: Array(text().utf8))
    default:
      await exchange.respond(
        .badRequest, contentType: "application/json",
        body: JSONText.message("format is json or text"))
    }
  }

  private func answerReadiness(_ exchange: HTTPExchange) async {
    switch readiness() {
    case .ready: await exchange.respond(.ok, contentType: "text/plain", body: Array("ready\n".utf8))
    case .notReady(let reason):
      await exchange.respond(
        .serviceUnavailable, contentType: "application/json", body: JSONText.message(reason))
    }
  }
}

extension HTTPRequestHead {
  /// The query as it came; nil without one.
  fileprivate var queryText: String? {
    unsafe rawQuery.map { unsafe String(decoding: $0, as: UTF8.self) }
  }
}
