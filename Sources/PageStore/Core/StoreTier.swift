// A tier as the store sees it: neighbouring volumes of one kind.

/// Volumes of one tier, and the bytes between which it is kept.
struct StoreTier: Sendable {
  let tier: Tier
  /// Positions of its volumes.
  let volumes: Range<Int>
  /// Bytes from which on pages leave in the background; nil when they leave only for others.
  let high: Int?
  /// Bytes at which they stop.
  let low: Int

  /// The tiers of `volumes`, which are in the order of tiers.
  static func tiers(_ volumes: [any Volume], _ options: PageStoreOptions) -> [StoreTier] {
    var tiers: [StoreTier] = []
    var start = 0
    while start < volumes.count {
      let tier = volumes[start].tier
      let end = volumes[start...].firstIndex { $0.tier != tier } ?? volumes.count
      precondition(tiers.last.map { $0.tier < tier } ?? true, "volumes are in the order of tiers")
      let quota = volumes[start..<end].reduce(0) { $0 + $1.quota }
      let marks = options.watermarks[tier]
      tiers.append(
        StoreTier(
          tier: tier, volumes: start..<end, high: marks.map { Int(Double(quota) * $0.high) },
          low: marks.map { Int(Double(quota) * $0.low) } ?? quota))
      start = end
    }
    return tiers
  }
}
