// What policies count, for Prometheus.

import Model

extension CachePolicies {
  /// Adds the policies' families to a page of metrics.
  func render(to page: inout MetricsPage) {
    let values = counters.values
    let rules = book.rules
    page.gauge(
      "penstock_cache_rules", "Rules in the book, by kind.",
      [
        ("kind=\"ttl\"", Int64(rules.ttl.count)),
        ("kind=\"priority\"", Int64(rules.priority.count)),
        ("kind=\"pin\"", Int64(rules.pins.count)), ("kind=\"quota\"", Int64(rules.quotas.count)),
        ("kind=\"filter\"", Int64(rules.filter.patternCount)),
      ])
    page.gauge(
      "penstock_cache_rules_damaged_files",
      "Files of rules that were found damaged and moved aside; their rules do not hold.",
      [("", Int64(damagedFiles.count))])
    page.gauge(
      "penstock_cache_filter_stale",
      "1 while the cache filter's file cannot be used and an earlier one is in force.",
      [("", values.isFilterStale ? 1 : 0)])
    page.counter(
      "penstock_cache_filter_failures_total",
      "Times that the cache filter's file changed and could not be used.",
      [("", values.filterFailures)])
    page.counter(
      "penstock_policy_dropped_files_total", "Files dropped by policies, by reason.",
      [("reason=\"ttl\"", values.expiredFiles), ("reason=\"quota\"", values.quotaFiles)])
    page.counter(
      "penstock_policy_dropped_bytes_total", "Bytes dropped by policies, by reason.",
      [("reason=\"ttl\"", values.expiredBytes), ("reason=\"quota\"", values.quotaBytes)])
    page.counter(
      "penstock_policy_denied_fills_total",
      "Pages that policies kept out of the cache (quota, filter) or from being pinned (pin).",
      [
        ("reason=\"quota\"", values.quotaDenials), ("reason=\"filter\"", values.skips),
        ("reason=\"pin\"", values.pinDenials),
      ])
    page.gauge(
      "penstock_pinned_bytes_max", "Bytes that pinned files may hold.", [("", pinned.limit)])
    page.gauge(
      "penstock_pinned_bytes", "Bytes of pinned files as last counted, and those that came since.",
      [("", pinned.used ?? 0)])
    let quotas = rules.quotas.sorted.map { path, limit in
      (label: "path=\"\(MetricsPage.escape("\(path)"))\"", path: path, limit: limit)
    }
    page.gauge(
      "penstock_quota_bytes", "Bytes that directories may hold.",
      quotas.map { ($0.label, $0.limit) })
    page.gauge(
      "penstock_quota_used_bytes",
      "Bytes that directories with a quota hold as last counted, and those that came since.",
      quotas.map { ($0.label, book.account(of: $0.path)?.used ?? 0) })
    renderCatalog(to: &page)
  }

  private func renderCatalog(to page: inout MetricsPage) {
    page.gauge(
      "penstock_catalog_stuck", "1 while the disk of the catalog owes an answer for too long.",
      [("", calls.isHung ? 1 : 0)])
    let counters = catalog.counters
    page.counter(
      "penstock_catalog_problems_total",
      "Notes that found no room, failed reads and writes, and damaged records of the catalog.",
      [
        ("problem=\"lost\"", counters.lost), ("problem=\"failed\"", counters.failures),
        ("problem=\"damaged\"", counters.damaged),
      ])
  }
}
