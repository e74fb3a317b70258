// The metrics of a worker, gathered when they are asked for.

import HTTPWire
import Model
import PageStore
import Ring

/// Composes the metrics page.
struct WorkerMetrics: Sendable {
  let parts: WorkerParts
  let servers: [WorkerPorts.Named]
  let shortCircuit: ShortCircuitServer?
  private let paths = PathMetrics(now: monotonicNow())

  init(parts: WorkerParts, servers: [WorkerPorts.Named], shortCircuit: ShortCircuitServer?) {
    self.parts = parts
    self.servers = servers
    self.shortCircuit = shortCircuit
  }

  /// The page as of now.
  func page() -> MetricsPage {
    var page = MetricsPage()
    page.gauge(
      "penstock_build_info", "Version of this worker.", [("version=\"\(Version.text)\"", 1)])
    parts.files.counters.render(to: &page)
    parts.files.readAhead.render(to: &page)
    parts.files.renderMetadata(to: &page)
    renderStore(to: &page)
    parts.files.policies.render(to: &page)
    parts.tiers.render(to: &page)
    parts.preparer.render(to: &page)
    parts.flow.render(to: &page)
    renderPaths(to: &page)
    shortCircuit?.render(to: &page)
    renderServers(to: &page)
    renderProcess(to: &page)
    return page
  }

  private func renderPaths(to page: inout MetricsPage) {
    let direct = shortCircuit?.shared.counters.bytes(.direct) ?? 0
    let domain = shortCircuit?.shared.counters.bytes(.domain) ?? 0
    let all = parts.files.counters.readBytes
    let bytes = [
      direct, domain, all - min(all, direct + domain), parts.files.counters.ufsReadBytes,
    ]
    paths.render(bytes, now: monotonicNow(), to: &page)
  }

  private func renderStore(to page: inout MetricsPage) {
    let store = parts.store.statistics
    func counter(_ name: String, _ help: String, _ value: UInt64) {
      page.counter(name, help, [("", value)])
    }
    func gauge(_ name: String, _ help: String, _ value: Int) {
      page.gauge(name, help, [("", Int64(value))])
    }
    gauge("alluxio_cached_storage_bytes", "Bytes that cached pages use.", store.used)
    gauge("alluxio_cached_capacity_bytes", "Bytes that cached pages may use.", store.capacity)
    counter(
      "alluxio_cached_evicted_data_bytes_total", "Bytes of pages evicted to make room.",
      store.evictedBytes)
    gauge("penstock_cached_pages", "Pages in the cache.", store.pages)
    gauge("penstock_cached_files", "Files with a page in the cache.", store.files)
    gauge("penstock_memory_committed_bytes", "Page memory made resident so far.", store.committed)
    gauge(
      "penstock_memory_overhead_max_bytes",
      "Memory besides pages, their index and the catalog's cache, at most.",
      Int(clamping: parts.overhead))
    gauge("penstock_fills_in_flight", "Pages being brought from under file systems.", store.filling)
    gauge(
      "penstock_doomed_bytes", "Bytes of pages that left the cache and are still being sent.",
      store.doomedBytes)
    page.counter(
      "penstock_page_lookups_total", "Look-ups of pages, by outcome.",
      [("outcome=\"hit\"", store.hits), ("outcome=\"miss\"", store.misses)])
    page.counter(
      "penstock_fills_total", "Fills of pages, by outcome.",
      [
        ("outcome=\"begun\"", store.fills), ("outcome=\"failed\"", store.failures),
        ("outcome=\"joined\"", store.joins), ("outcome=\"rejected\"", store.rejections),
      ])
    counter("penstock_evicted_pages_total", "Pages evicted to make room.", store.evictions)
  }

  private func renderServers(to page: inout MetricsPage) {
    let all = servers.map { ($0.name, $0.server.statistics) }
    func counters(
      _ name: String, _ help: String, _ kinds: [(String, KeyPath<HTTPServerStatistics, UInt64>)]
    ) {
      page.counter(
        name, help,
        all.flatMap { port, statistics in
          kinds.map { ("port=\"\(port)\",kind=\"\($0)\"", statistics[keyPath: $1]) }
        })
    }
    counters(
      "penstock_http_connections_total", "Connections, by what became of them.",
      [("accepted", \.accepted), ("refused", \.connectionsRefused)])
    counters(
      "penstock_http_requests_total", "Requests, by whether their head was acceptable.",
      [("accepted", \.requests), ("rejected", \.headsRejected)])
    page.counter(
      "penstock_http_responses_total", "Responses, by class.",
      all.flatMap { port, statistics in
        statistics.responses.enumerated().map {
          ("port=\"\(port)\",class=\"\($0 + 1)xx\"", $1)
        }
      })
    counters(
      "penstock_http_bytes_total", "Bytes over the network, by direction.",
      [("received", \.bytesIn), ("sent", \.bytesOut)])
    counters(
      "penstock_http_limits_total", "Times that a client met a limit, by limit.",
      [
        ("head_size", \.headsTooLarge), ("body_size", \.bodiesTooLarge),
        ("connections", \.connectionsRefused), ("idle_timeout", \.idleExpired),
        ("head_timeout", \.headExpired), ("body_timeout", \.bodyExpired),
        ("send_timeout", \.sendExpired), ("linger_timeout", \.lingerExpired),
      ])
    counters(
      "penstock_http_aborts_total", "Exchanges that did not reach their end, by who ended them.",
      [("client", \.abortedByClient), ("server", \.abortedByHandler), ("drain", \.abortedByDrain)])
    page.gauge(
      "penstock_http_connections_active", "Connections open now.",
      all.map { ("port=\"\($0)\"", Int64($1.active)) })
  }

  private func renderProcess(to page: inout MetricsPage) {
    let state = ProcessState.current()
    page.gauge("process_resident_memory_bytes", "Resident memory.", [("", state.residentBytes)])
    page.gauge("process_open_fds", "Open descriptors.", [("", state.descriptorCount)])
    page.gauge("penstock_threads", "Threads.", [("", state.threadCount)])
    page.gauge("process_cpu_seconds", "CPU seconds used.", seconds: state.cpuSeconds)
  }
}
