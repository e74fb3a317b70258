// What the cache of statuses and listings counts.

import Model
import Ring

/// Counters of the metadata cache, one copy per ring.
final class MetadataCounters: Sendable {
  /// What is counted.
  enum Event: Int, CaseIterable, Sendable {
    case statusHit, statusMiss, absenceHit, listingHit, listingMiss, listingJoin, leftOut
  }

  private let counters: StripedCounters

  /// Counters for `ringCount` rings.
  init(ringCount: Int) {
    counters = StripedCounters(count: Event.allCases.count, stripes: ringCount + 1)
  }

  /// Counts `event`, `number` times.
  @inline(__always)
  func count(_ event: Event, _ number: UInt64 = 1) {
    counters.add(number, to: event.rawValue, stripe: Reactor.current.map { $0.index + 1 } ?? 0)
  }

  /// How often `event` was.
  func value(_ event: Event) -> UInt64 { counters.value(event.rawValue) }
}

extension FileService {
  /// The values as Prometheus families.
  func renderMetadata(to page: inout MetricsPage) {
    func row(_ kind: String, _ outcome: String, _ event: MetadataCounters.Event) -> (String, UInt64)
    {
      ("kind=\"\(kind)\",outcome=\"\(outcome)\"", metadata.value(event))
    }
    page.counter(
      "penstock_metadata_lookups_total",
      "Look-ups of statuses and listings: answered from memory, by the source, or by another's question.",
      [
        row("status", "hit", .statusHit), row("status", "absent", .absenceHit),
        row("status", "miss", .statusMiss), row("listing", "hit", .listingHit),
        row("listing", "join", .listingJoin), row("listing", "miss", .listingMiss),
      ])
    page.counter(
      "penstock_load_entries_left_out_total",
      "Entries of listings that loads of this worker left out: no path can name them, or they are no files.",
      [("", metadata.value(.leftOut))])
    let (absent, listed) = (absences.size, listings.size)
    let statuses = table.size
    page.gauge(
      "penstock_metadata_entries", "Statuses, absent paths and entries of listings in memory.",
      [
        ("kind=\"status\"", Int64(statuses.count)), ("kind=\"absent\"", Int64(absent.count)),
        ("kind=\"listing\"", Int64(listed.entries)),
      ])
    page.gauge(
      "penstock_metadata_bytes", "Memory of them, about.",
      [
        ("kind=\"status\"", Int64(statuses.bytes)), ("kind=\"absent\"", Int64(absent.bytes)),
        ("kind=\"listing\"", Int64(listed.bytes)),
      ])
  }
}
