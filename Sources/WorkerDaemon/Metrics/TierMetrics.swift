// The metrics of tiers and volumes.

import PageStore

extension TierKeeper {
  /// Adds the volumes' figures and those of moving pages between tiers.
  func render(to page: inout MetricsPage) {
    renderMoves(to: &page)
    guard !volumes.isEmpty else { return }
    page.gauge(
      "penstock_volume_state",
      "Health of each volume: 0 HEALTHY, 1 DEGRADED (no new pages), 2 FAULTED.",
      volumes.map { (Self.labels($0), Int64($0.health.state.rawValue)) })
    gauge("quota_bytes", "Bytes that pages may use on each volume.", &page) { $0.disk.quota }
    gauge("used_bytes", "Bytes that pages use on each volume.", &page) { $0.disk.used }
    gauge(
      "quarantined_bytes", "Bytes of each volume that are not used again, for rot was found there.",
      &page
    ) { $0.disk.quarantinedBytes }
    gauge("restored", "1 once the pages of each volume's log are entered.", &page) {
      $0.restoration == .done || $0.restoration == .partial ? 1 : 0
    }
    counters("read_bytes_total", "Bytes read from each volume.", &page) {
      [("", $0.disk.statistics.bytesRead)]
    }
    counters("written_bytes_total", "Bytes written to each volume.", &page) {
      [("", $0.disk.statistics.bytesWritten)]
    }
    counters("errors_total", "Pages that each volume failed to read or write.", &page) {
      [
        (",kind=\"read\"", $0.disk.statistics.readErrors),
        (",kind=\"write\"", $0.disk.statistics.writeErrors),
      ]
    }
    counters(
      "timeouts_total", "Operations given up since each volume's disk did not answer in time.",
      &page
    ) {
      [("", $0.disk.statistics.timeouts)]
    }
    gauge("stuck", "1 while a volume's disk owes an answer that nobody waits for.", &page) {
      $0.disk.isStuck ? 1 : 0
    }
    renderLogs(to: &page)
    counters("corrupt_pages_total", "Reads that did not match their checksums.", &page) {
      [("", $0.disk.statistics.corrupt)]
    }
    counters("transitions_total", "Changes of each volume's health.", &page) {
      [("", $0.health.counts.transitions)]
    }
  }

  private func renderLogs(to page: inout MetricsPage) {
    counters(
      "log_problems_total",
      "Page logs: pages not recorded since the log was behind, writes refused, groups given up.",
      &page
    ) {
      let log = $0.file?.log.statistics
      return [
        (",problem=\"dropped\"", UInt64(clamping: log?.dropped ?? 0)),
        (",problem=\"refused\"", UInt64(clamping: log?.failedGroups ?? 0)),
        (",problem=\"lost\"", UInt64(clamping: log?.lostGroups ?? 0)),
      ]
    }
    gauge("log_pending_bytes", "Bytes of changes that wait for each page log.", &page) {
      $0.file?.log.statistics.pendingBytes ?? 0
    }
  }

  private func renderMoves(to page: inout MetricsPage) {
    let store = store.statistics
    page.gauge(
      "penstock_unsaved_pages", "Pages in memory that are to be written to disk.",
      [("", Int64(store.unsaved))])
    page.counter(
      "penstock_moved_bytes_total", "Bytes of pages moved between tiers, by direction.",
      [
        ("move=\"saved\"", UInt64(clamping: store.savedBytes)),
        ("move=\"promoted\"", UInt64(clamping: store.promotedBytes)),
        ("move=\"demoted\"", UInt64(clamping: store.demotedBytes)),
      ])
    page.counter(
      "penstock_lost_pages_total", "Pages on disk that were given up, by reason: each was a miss.",
      [
        ("reason=\"corrupt\"", UInt64(clamping: store.corrupt)),
        ("reason=\"unreadable\"", UInt64(clamping: store.unreadable)),
      ])
    page.counter(
      "penstock_scrub_passes_total", "Passes of the scrubber over all pages on disk.",
      [("", UInt64(clamping: self.store.scrubStatus.passes))])
  }

  private static func labels(_ volume: OpenedVolume) -> String {
    let path = MetricsPage.escape(volume.path)
    return "volume=\"\(path)\",tier=\"\(volume.tier)\",node=\"\(volume.checked.node)\""
  }

  private func gauge(
    _ name: String, _ help: String, _ page: inout MetricsPage, _ value: (OpenedVolume) -> Int
  ) {
    page.gauge(
      "penstock_volume_\(name)", help, volumes.map { (Self.labels($0), Int64(value($0))) })
  }

  private func counters(
    _ name: String, _ help: String, _ page: inout MetricsPage,
    _ values: (OpenedVolume) -> [(String, UInt64)]
  ) {
    page.counter(
      "penstock_volume_\(name)", help,
      volumes.flatMap { volume in
        values(volume).map { (Self.labels(volume) + $0, $1) }
      })
  }
}
