// The policies by name, and the switch that calls the chosen one without an existential on the path of a hit.

/// A choice of eviction policy.
package enum EvictionPolicyKind: String, Sendable, CaseIterable {
  /// Least recently used.
  case lru
  /// Least frequently used.
  case lfu
  /// First in, first out.
  case fifo
  /// S3-FIFO: three queues, resistant to scans.
  case s3fifo

  /// Lists for each tier and priority.
  var laneCount: Int { type.laneCount }
  /// True when keys of pages that left are remembered.
  var remembersKeys: Bool { type.remembersKeys }

  /// The most that a page's heat comes to.
  var heatMax: Int { self == .s3fifo ? 3 : 255 }

  private var type: any EvictionPolicy.Type {
    switch self {
    case .lru: LRUPolicy.self
    case .lfu: LFUPolicy.self
    case .fifo: FIFOPolicy.self
    case .s3fifo: S3FIFOPolicy.self
    }
  }

  func laneOnInsertion(wasRemembered: Bool) -> Int {
    type.laneOnInsertion(wasRemembered: wasRemembered)
  }

  @inline(__always)
  func onHit(lane: Int, heat: inout UInt8) -> HitAction {
    switch self {
    case .lru: LRUPolicy.onHit(lane: lane, heat: &heat)
    case .lfu: LFUPolicy.onHit(lane: lane, heat: &heat)
    case .fifo: FIFOPolicy.onHit(lane: lane, heat: &heat)
    case .s3fifo: S3FIFOPolicy.onHit(lane: lane, heat: &heat)
    }
  }

  @inline(__always)
  func victimLane(_ counts: LaneCounts) -> Int? {
    switch self {
    case .lru: LRUPolicy.victimLane(counts)
    case .lfu: LFUPolicy.victimLane(counts)
    case .fifo: FIFOPolicy.victimLane(counts)
    case .s3fifo: S3FIFOPolicy.victimLane(counts)
    }
  }

  @inline(__always)
  func onVictim(lane: Int, heat: inout UInt8) -> VictimAction {
    switch self {
    case .lru: LRUPolicy.onVictim(lane: lane, heat: &heat)
    case .lfu: LFUPolicy.onVictim(lane: lane, heat: &heat)
    case .fifo: FIFOPolicy.onVictim(lane: lane, heat: &heat)
    case .s3fifo: S3FIFOPolicy.onVictim(lane: lane, heat: &heat)
    }
  }
}
