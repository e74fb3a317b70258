// What flow control reports.

import UFS

extension FlowControl {
  /// The values as Prometheus families; nothing for mounts that send no remote requests.
  package func render(to page: inout MetricsPage) {
    let rows = statistics.filter { $0.counts.sent > 0 || $0.counts.refused > 0 || $0.waiting > 0 }
    guard !rows.isEmpty else { return }
    func labels(_ row: FlowStatistics) -> String {
      "mount=\"\(MetricsPage.escape(row.mount))\",verb=\"\(row.verb.name)\""
    }
    func counters(
      _ name: String, _ help: String, _ kinds: [(String, KeyPath<FlowCounts, UInt64>)]
    ) {
      page.counter(
        name, help,
        rows.flatMap { row in
          kinds.map { ("\(labels(row)),outcome=\"\($0)\"", row.counts[keyPath: $1]) }
        })
    }
    page.gauge(
      "penstock_ufs_requests_in_flight", "Requests to remote stores in flight.",
      rows.map { (labels($0), Int64($0.inFlight)) })
    page.gauge(
      "penstock_ufs_requests_waiting", "Requests to remote stores that wait for their turn.",
      rows.map { (labels($0), Int64($0.waiting)) })
    page.gauge(
      "penstock_ufs_window",
      "Requests that a store which refused some is sent at once; absent while none are refused.",
      rows.compactMap { row in row.window.map { (labels(row), Int64($0)) } })
    counters(
      "penstock_ufs_requests_total", "Requests to remote stores, by how they ended.",
      [
        ("answered", \.answered), ("throttled", \.throttled), ("unavailable", \.unavailable),
        ("timeout", \.timedOut), ("misdirected", \.misdirected), ("failed", \.failed),
        ("refused", \.refused),
      ])
    counters(
      "penstock_ufs_retries_total", "Requests sent again, or not sent again for want of budget.",
      [("sent", \.retried), ("denied", \.retriesDenied)])
    page.counter(
      "penstock_ufs_hedges_total", "Second requests sent because the first was slow.",
      rows.map { (labels($0), $0.counts.hedged) })
    page.counter(
      "penstock_ufs_hedges_won_total", "Second requests that answered before the first.",
      rows.map { (labels($0), $0.counts.hedgesWon) })
    page.counter(
      "penstock_ufs_waits_total", "Requests to remote stores that had to wait for their turn.",
      rows.map { (labels($0), $0.counts.waited) })
    page.counter(
      "penstock_ufs_wait_milliseconds_total", "Time that requests waited for their turn.",
      rows.map { (labels($0), $0.counts.waitTime / 1_000_000) })
  }
}
