// Turns at registering: a worker tells much at once, so that only so many do it at a time.

/// Leases of registrations under way; a value without clock or lock.
struct RegisterLeases {
  /// Leases given out at most; nil for any number.
  let countMax: Int?
  /// Silence after which a lease is free for others, nanoseconds.
  let life: UInt64
  private var heardAt: [UInt64: UInt64] = [:]
  private var next: UInt64 = 1

  /// Leases, none of them taken.
  init(countMax: Int?, life: UInt64) {
    self.countMax = countMax
    self.life = life
  }

  /// Registrations under way.
  var count: Int { heardAt.count }

  /// A lease at `now`; nil while all are taken.
  mutating func take(now: UInt64) -> UInt64? {
    if let countMax, heardAt.count >= countMax {
      heardAt = heardAt.filter { now &- $0.value < life }
      guard heardAt.count < countMax else { return nil }
    }
    defer { next += 1 }
    heardAt[next] = now
    return next
  }

  /// The holder of a lease says something at `now`; false when the lease was given up meanwhile.
  mutating func renew(_ lease: UInt64, now: UInt64) -> Bool {
    guard heardAt[lease] != nil else { return false }
    heardAt[lease] = now
    return true
  }

  /// The registration has ended, well or not.
  mutating func giveBack(_ lease: UInt64) { heardAt[lease] = nil }
}
