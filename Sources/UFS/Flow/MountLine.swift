// A mount's bytes per second, of which demand takes what it wants first.
//
//   demand   ▓▓▓▓▓▓                      its own line: it waits for demand only
//   others   ░░░░░░▓▓▓▓▓▓▓▓▓▓▓           the line of all: what demand takes is added before everyone who waits there
//
// While others wait demand pays a sixteenth more than its bytes: that share of the line is left for them.

/// A limit of bytes per second for demand and for what can wait.
struct MountLine: Sendable {
  /// Demand pays one more of so many nanoseconds while others wait.
  private static let share: UInt64 = 15

  private let line: BandwidthLine
  /// When the line is free for demand, and for everybody.
  private var demandFree: UInt64 = 0
  private var allFree: UInt64 = 0
  /// Nanoseconds that demand took of the line so far.
  private(set) var overtaken: UInt64 = 0

  /// A line for `bytesPerSecond` bytes per second.
  init(bytesPerSecond: Int64) { line = BandwidthLine(bytesPerSecond: bytesPerSecond) }

  /// When a request for `purpose` may go.
  @inline(__always)
  func free(for purpose: UFSPurpose) -> UInt64 { purpose == .demand ? demandFree : allFree }

  /// Takes the line for `bytes` from `now` on.
  ///
  /// - Returns: Nanoseconds until they may be asked for; others than demand look at `overtaken` then.
  mutating func reserve(_ bytes: Int64, for purpose: UFSPurpose, now: UInt64) -> UInt64 {
    let cost = line.cost(of: bytes)
    let start = max(free(for: purpose), now)
    guard purpose == .demand else {
      allFree = Self.sum(start, cost)
      return start - now
    }
    demandFree = Self.sum(start, allFree > start ? Self.sum(cost, cost / Self.share) : cost)
    allFree = Self.sum(max(allFree, start), cost)
    overtaken = Self.sum(overtaken, cost)
    return start - now
  }

  /// Gives back `bytes` that were reserved for `purpose` and not taken.
  mutating func refund(_ bytes: Int64, for purpose: UFSPurpose) {
    let cost = line.cost(of: bytes)
    allFree -= min(allFree, cost)
    if purpose == .demand { demandFree -= min(demandFree, cost) }
  }

  private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }
}
