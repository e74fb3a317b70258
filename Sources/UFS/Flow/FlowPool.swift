// Slots that requests in flight take: those of the process, a mount or a host.

/// A number of slots, a few of which only demand may take.
struct FlowPool: Sendable {
  /// Slots.
  private(set) var limit: Int
  /// Slots that requests of lower purposes leave free.
  private(set) var reserve: Int
  /// Slots taken.
  private(set) var total = 0
  /// Slots taken by read-ahead and loads.
  private(set) var lower = 0

  /// A pool of `limit` slots.
  init(limit: Int) {
    precondition(limit > 0, "a pool has a slot")
    self.limit = limit
    reserve = Self.reserve(of: limit)
  }

  /// A sixteenth, at most 64; none of three or fewer.
  private static func reserve(of limit: Int) -> Int {
    limit >= 4 ? max(1, min(limit / 16, 64)) : 0
  }

  /// Lowers the limit to `limit` if that is less.
  mutating func lowerLimit(to limit: Int) {
    guard limit < self.limit else { return }
    precondition(limit > 0, "a pool has a slot")
    self.limit = limit
    reserve = Self.reserve(of: limit)
  }

  /// Whether a request for `purpose` finds a slot.
  @inline(__always)
  func admits(_ purpose: UFSPurpose) -> Bool {
    total < limit && (purpose == .demand || lower < limit - reserve)
  }

  /// Takes a slot.
  @inline(__always)
  mutating func take(_ purpose: UFSPurpose) {
    total += 1
    if purpose != .demand { lower += 1 }
  }

  /// Gives a slot back.
  @inline(__always)
  mutating func give(_ purpose: UFSPurpose) {
    precondition(total > 0, "a slot given back was taken")
    total -= 1
    if purpose != .demand { lower -= 1 }
  }
}
