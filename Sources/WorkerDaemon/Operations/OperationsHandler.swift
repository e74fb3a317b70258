// Port 30000: /metrics for Prometheus, /healthz and /readyz for supervisors, / for people.

package import HTTPWire

/// Serves the state of the daemon.
package struct OperationsHandler: HTTPHandler {
  private let metrics: @Sendable () -> MetricsPage
  private let readiness: @Sendable () -> Readiness

  /// Whether the daemon can serve, and if not, why.
  package enum Readiness: Sendable, Equatable {
    /// It can.
    case ready
    /// It cannot, for the reason given.
    case notReady(String)
  }

  /// A handler that asks `metrics` and `readiness` at each request.
  package init(
    metrics: @escaping @Sendable () -> MetricsPage,
    readiness: @escaping @Sendable () -> Readiness
  ) {
    self.metrics = metrics
    self.readiness = readiness
  }

  package func handle(_ exchange: HTTPExchange) async {
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
    case "/":
      await exchange.respond(.ok, contentType: "text/plain", body: Array(Self.index.utf8))
    default:
      await exchange.respond(
        .notFound, contentType: "application/json",
        body: JSONText.message("unknown path; there are /metrics, /healthz and /readyz"))
    }
  }

  private static let index = """
    Penstock worker
      /metrics   counters and gauges, Prometheus text
      /healthz   200 while the process answers
      /readyz    200 while it can serve, 503 with the reason otherwise

    """

  private func answerReadiness(_ exchange: HTTPExchange) async {
    switch readiness() {
    case .ready: await exchange.respond(.ok, contentType: "text/plain", body: Array("ready\n".utf8))
    case .notReady(let reason):
      await exchange.respond(
        .serviceUnavailable, contentType: "application/json", body: JSONText.message(reason))
    }
  }
}
