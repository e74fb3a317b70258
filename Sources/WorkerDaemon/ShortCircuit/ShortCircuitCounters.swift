// What the domain socket does, in figures.

import LocalWire
import Model
import Ring

/// Counters of the short-circuit server, one copy per ring.
final class ShortCircuitCounters: Sendable {
  /// What is counted by one.
  enum Event: Int, CaseIterable {
    case accepted, welcomed, helloLate, broken
    case leaseGiven, leaseReleased, leaseTermExpired, leaseHoldExpired, leaseRevoked, leaseEnded
    case wanted, invalidated
    case requestOpen, requestLease, requestRead, requestRenew, requestPing
    case open, openShared, held
    case queuedBytes
  }

  /// Where bytes went that a client on this host was sent.
  enum Path: Int, CaseIterable {
    /// Read by the client in the arena.
    case direct
    /// Copied by the worker, into a window or through the socket.
    case domain
  }

  private static let refusals = Event.allCases.count
  private static let bytes = refusals + LocalCode.allCases.count + 1
  private let counters: StripedCounters

  /// Counters for `ringCount` rings.
  init(ringCount: Int) {
    counters = StripedCounters(count: Self.bytes + Path.allCases.count, stripes: ringCount + 1)
  }

  private var stripe: Int { Reactor.current.map { $0.index + 1 } ?? 0 }

  /// Counts `event`, `count` times.
  @inline(__always)
  func count(_ event: Event, _ count: Int = 1) {
    counters.add(UInt64(count), to: event.rawValue, stripe: stripe)
  }

  /// Takes `count` off a figure that rises and falls.
  func uncount(_ event: Event, _ count: Int = 1) {
    counters.add(0 &- UInt64(count), to: event.rawValue, stripe: stripe)
  }

  /// Counts something that was refused.
  func refuse(_ code: LocalCode) {
    counters.add(1, to: Self.refusals + Int(code.rawValue), stripe: stripe)
  }

  /// Counts bytes that a client was sent.
  @inline(__always)
  func add(_ count: Int, to path: Path) {
    counters.add(UInt64(count), to: Self.bytes + path.rawValue, stripe: stripe)
  }

  /// The sum of `event`.
  func value(_ event: Event) -> UInt64 { counters.value(event.rawValue) }
  /// The sum of refusals with `code`.
  func value(_ code: LocalCode) -> UInt64 { counters.value(Self.refusals + Int(code.rawValue)) }
  /// The bytes of `path`.
  func bytes(_ path: Path) -> UInt64 { counters.value(Self.bytes + path.rawValue) }

  /// The figures as Prometheus families.
  func render(to page: inout MetricsPage) {
    func values(_ label: String, _ events: [(String, Event)]) -> [(String, UInt64)] {
      events.map { ("\(label)=\"\($0)\"", value($1)) }
    }
    page.counter(
      "penstock_short_circuit_connections_total", "Connections to the domain socket, by outcome.",
      values(
        "outcome",
        [
          ("accepted", .accepted), ("welcomed", .welcomed), ("hello_timeout", .helloLate),
          ("protocol", .broken),
        ]))
    page.gauge(
      "penstock_short_circuit_connections", "Clients connected to the domain socket, by mode.",
      [
        ("mode=\"shared\"", Int64(bitPattern: value(.openShared))),
        ("mode=\"copy\"", Int64(bitPattern: value(.open) &- value(.openShared))),
      ])
    page.counter(
      "penstock_short_circuit_requests_total", "Requests over the domain socket, by kind.",
      values(
        "kind",
        [
          ("open", .requestOpen), ("lease", .requestLease), ("read", .requestRead),
          ("renew", .requestRenew), ("ping", .requestPing),
        ]))
    page.counter(
      "penstock_short_circuit_leases_total", "Leases, by what happened to them.",
      values(
        "event",
        [
          ("given", .leaseGiven), ("released", .leaseReleased), ("expired", .leaseTermExpired),
          ("held_too_long", .leaseHoldExpired), ("revoked", .leaseRevoked),
          ("ended_with_connection", .leaseEnded),
        ]))
    page.gauge(
      "penstock_short_circuit_leases", "Leases held now.",
      [("", Int64(bitPattern: value(.held)))])
    page.gauge(
      "penstock_short_circuit_queued_bytes", "Bytes of answers that clients have not taken yet.",
      [("", Int64(bitPattern: value(.queuedBytes)))])
    page.counter(
      "penstock_short_circuit_wanted_total", "Leases that clients were asked to give back.",
      [("", value(.wanted))])
    page.counter(
      "penstock_short_circuit_invalidated_total",
      "Handles whose clients were told that their version is no longer the file's.",
      [("", value(.invalidated))])
    page.counter(
      "penstock_short_circuit_refusals_total", "Connections, requests and pages refused, by code.",
      LocalCode.allCases.map { ("code=\"\($0.word)\"", value($0)) })
  }
}
