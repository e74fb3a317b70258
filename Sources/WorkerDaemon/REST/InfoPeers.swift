// Which clients asked /v1/ufsInfo lately. Clients that do expect 404 for a missing file and escape paths
// before they hash them; older ones expect 500 and do not (compat §16 row 20, §2.3).

import Synchronization

/// Peer addresses that asked /v1/ufsInfo in the last ten minutes; bounded and aged.
package final class InfoPeers: Sendable {
  /// Most addresses remembered; the oldest leaves first.
  package static let countMax = 4096
  /// How long an address counts.
  package static let age: UInt64 = 600 * 1_000_000_000

  private let times = Mutex<[String: UInt64]>([:])

  /// No peers.
  package init() {}

  /// Remembers that `address` asked at `now` (monotonic nanoseconds).
  package func note(_ address: String, now: UInt64) {
    times.withLock { times in
      if times[address] == nil, times.count >= Self.countMax {
        times = times.filter { Self.isFresh($0.value, now: now) }
        if times.count >= Self.countMax, let oldest = times.min(by: { $0.value < $1.value }) {
          times[oldest.key] = nil
        }
      }
      times[address] = now
    }
  }

  /// Whether `address` asked in the ten minutes before `now`.
  package func contains(_ address: String, now: UInt64) -> Bool {
    times.withLock { times in times[address].map { Self.isFresh($0, now: now) } ?? false }
  }

  /// How many addresses are remembered.
  package var count: Int { times.withLock { $0.count } }

  private static func isFresh(_ time: UInt64, now: UInt64) -> Bool {
    now < time || now - time <= age
  }
}

extension InfoPeers {
  /// The host of `host:port` or `[host]:port`; each connection has its own port.
  package static func host(of address: String) -> String {
    let bytes = Array(address.utf8)
    guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else { return address }
    let host = bytes[..<colon]
    // An IPv6 address without brackets has no port.
    if host.contains(UInt8(ascii: ":")), host.last != UInt8(ascii: "]") { return address }
    return String(decoding: host, as: UTF8.self)
  }
}
