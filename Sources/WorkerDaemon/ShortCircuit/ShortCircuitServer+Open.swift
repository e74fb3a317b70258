// From settings to a socket that is listened on, and the server's part of the metrics.

import Model
import PageStore
import Ring
import Scheduler

extension ShortCircuitServer {
  /// Opens the domain socket that `settings` ask for; nil when they ask for none.
  ///
  /// - Throws: `.configuration`, `.directory` or `.system`, with what to do.
  static func open(
    _ settings: WorkerSettings, _ parts: WorkerParts
  ) throws(StartError) -> ShortCircuitServer? {
    guard let local = settings.shortCircuit else { return nil }
    let id = try WorkerUUID.read(settings)
    let place = try SocketPlace(local, uuid: "\(id)")
    guard
      let shared = ShortCircuitShared(
        local, files: parts.files, identity: WorkerIdentity(high: id.high, low: id.low),
        clusterName: settings.clusterName, policy: PeerPolicy(local),
        ringCount: parts.group.reactors.count)
    else { throw StartError(.system, "no memory to count what clients lease") }
    return try ShortCircuitServer(shared, at: place, reactors: parts.serving)
  }

  /// The figures as Prometheus families.
  func render(to page: inout MetricsPage) {
    shared.counters.render(to: &page)
    page.gauge(
      "penstock_short_circuit_leased_bytes",
      "Bytes of the memory tier in blocks that clients have leased.",
      [("", Int64(shared.memory.bytes))])
    page.gauge(
      "penstock_short_circuit_leased_max_bytes",
      "Bytes of the memory tier that clients may have leased.", [("", Int64(shared.memory.limit))])
    page.gauge(
      "penstock_short_circuit_window_bytes", "Memory that clients' windows have made resident.",
      [("", Int64(shared.windows.bytes))])
  }
}
