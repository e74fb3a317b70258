// A store that refuses everything: told from one that refuses what is above its capacity, because a queue that is served one
// probe a second helps nobody.
//
//   serving ──refusals only, for three seconds──▶ storm: one probe at a time goes, clients are told at once ──any success──▶

/// Whether a store refuses every request of one verb.
struct FlowStorm: Sendable {
  /// Refusals in a row, and nanoseconds since the first of them, that make a storm.
  static let countMin = 8
  static let timeMin: UInt64 = 3_000_000_000

  private var count = 0
  private var since: UInt64 = 0

  /// No storm.
  init() {}

  /// Whether everything was refused for so long.
  @inline(__always)
  func isFull(_ now: UInt64) -> Bool {
    count >= Self.countMin && now &- since >= Self.timeMin
  }

  /// Counts a refusal.
  mutating func refused(_ now: UInt64) {
    if count == 0 { since = now }
    count += 1
  }

  /// Notes a request that was served.
  @inline(__always)
  mutating func served() { count = 0 }
}
