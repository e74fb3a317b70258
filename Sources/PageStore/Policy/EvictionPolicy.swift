// Which page leaves next: four small decisions over lists that the index keeps.
//
//   lanes of one tier and priority          newest ◀──────────── oldest
//   lane 0  | p7 p3 p9 …                    a lane is one list per stripe; the oldest of all stripes
//   lane 1  | p2 p8 …                       is found by comparing 256 published stamps
//
// A policy holds no state of its own: what it needs to remember of a page is one byte of heat in the page's entry, and
// for S3-FIFO whether the page left a short while ago (GhostTable). So a policy costs nothing that another does not.

/// What a hit does to a page's place in its lane.
enum HitAction: Equatable {
  /// Nothing.
  case stay
  /// It becomes the newest of its lane; a page that is among the newest anyway may stay.
  case toNewest
  /// It becomes the newest of another lane.
  case toLane(Int)
}

/// What happens to the oldest page of a lane when room is needed.
enum VictimAction: Equatable {
  /// It leaves; its key is remembered for a while when `remembered`.
  case leave(remembered: Bool)
  /// It gets another chance as the newest of a lane.
  case toLane(Int)
}

/// The decisions of one policy; `heat` is 0 for a page that came in and is the policy's to change.
protocol EvictionPolicy {
  /// Lists for each tier and priority, 1 to 8.
  static var laneCount: Int { get }
  /// True when the lane of a page that comes in depends on whether it left a short while ago.
  static var remembersKeys: Bool { get }

  /// The lane of a page that comes in.
  static func laneOnInsertion(wasRemembered: Bool) -> Int
  /// What a hit on a page of `lane` does.
  static func onHit(lane: Int, heat: inout UInt8) -> HitAction
  /// The lane that gives the next victim, of those that have pages; `counts` has the pages of each lane.
  static func victimLane(_ counts: LaneCounts) -> Int?
  /// What becomes of the oldest page of `lane`.
  static func onVictim(lane: Int, heat: inout UInt8) -> VictimAction
  /// The lane whose oldest page is to be counted lower, asked from time to time while pages leave, the `turn`-th time;
  /// nil for none.
  static func agingLane(_ counts: LaneCounts, turn: Int) -> Int?
  /// Counts a page lower; returns the lane that it becomes the newest of.
  static func onAging(heat: inout UInt8) -> Int
}

extension EvictionPolicy {
  static func agingLane(_ counts: LaneCounts, turn: Int) -> Int? { nil }
  static func onAging(heat: inout UInt8) -> Int { 0 }
}

/// Pages of up to eight lanes.
struct LaneCounts: Equatable {
  private var storage = SIMD8<Int>()

  subscript(lane: Int) -> Int {
    get { storage[lane] }
    set { storage[lane] = newValue }
  }

  /// The lowest lane that has a page.
  var lowest: Int? { (0..<8).first { storage[$0] > 0 } }
}

/// Leaves by age of last use.
enum LRUPolicy: EvictionPolicy {
  static let laneCount = 1
  static let remembersKeys = false

  static func laneOnInsertion(wasRemembered: Bool) -> Int { 0 }

  @inline(__always)
  static func onHit(lane: Int, heat: inout UInt8) -> HitAction { .toNewest }

  static func victimLane(_ counts: LaneCounts) -> Int? { counts.lowest }

  static func onVictim(lane: Int, heat: inout UInt8) -> VictimAction { .leave(remembered: false) }
}

/// Leaves by age, used or not.
enum FIFOPolicy: EvictionPolicy {
  static let laneCount = 1
  static let remembersKeys = false

  static func laneOnInsertion(wasRemembered: Bool) -> Int { 0 }

  static func onHit(lane: Int, heat: inout UInt8) -> HitAction { .stay }

  static func victimLane(_ counts: LaneCounts) -> Int? { counts.lowest }

  static func onVictim(lane: Int, heat: inout UInt8) -> VictimAction { .leave(remembered: false) }
}

/// Leaves by number of uses, of equals the one unused the longest.
///
/// Uses are counted up to 255 and classed by their logarithm, as in Alluxio's LFU, to a base of 2 unless another is set. A lane per class
/// makes both decisions O(1). Counts age: for each 64 pages that leave, the page unused the longest in one of the
/// higher classes, each in turn, loses half of its count, so that what was hot once goes after a while.
enum LFUPolicy: EvictionPolicy {
  static let laneCount = 8
  static let remembersKeys = false

  static func laneOnInsertion(wasRemembered: Bool) -> Int { 0 }

  static func onHit(lane: Int, heat: inout UInt8) -> HitAction {
    onHit(lane: lane, heat: &heat, LFUClasses())
  }

  @inline(__always)
  static func onHit(lane: Int, heat: inout UInt8, _ classes: LFUClasses) -> HitAction {
    if heat < .max { heat += 1 }
    let next = classes.lane(ofHeat: heat)
    return next == lane ? .toNewest : .toLane(next)
  }

  static func victimLane(_ counts: LaneCounts) -> Int? { counts.lowest }

  static func onVictim(lane: Int, heat: inout UInt8) -> VictimAction { .leave(remembered: false) }

  static func agingLane(_ counts: LaneCounts, turn: Int) -> Int? {
    (0..<laneCount - 1).lazy.map { 1 + (turn + $0) % (laneCount - 1) }.first { counts[$0] > 0 }
  }

  static func onAging(heat: inout UInt8) -> Int { onAging(heat: &heat, LFUClasses()) }

  static func onAging(heat: inout UInt8, _ classes: LFUClasses) -> Int {
    heat /= 2
    return classes.lane(ofHeat: heat)
  }
}

/// Three queues: a small one that most pages leave from without a second use, a main one with second chances, and keys
/// of those that left the small one (Yang et al., SOSP 2023).
enum S3FIFOPolicy: EvictionPolicy {
  static let laneCount = 2
  static let remembersKeys = true
  private static let (small, main) = (0, 1)

  static func laneOnInsertion(wasRemembered: Bool) -> Int { wasRemembered ? main : small }

  static func onHit(lane: Int, heat: inout UInt8) -> HitAction {
    if heat < 3 { heat += 1 }
    return .stay
  }

  /// The small queue gives victims while it has more than a tenth of the pages.
  static func victimLane(_ counts: LaneCounts) -> Int? {
    let isSmallFull = counts[small] * 10 > counts[small] + counts[main]
    if isSmallFull || counts[main] == 0 { return counts[small] > 0 ? small : nil }
    return main
  }

  static func onVictim(lane: Int, heat: inout UInt8) -> VictimAction {
    if lane == small {
      guard heat > 1 else { return .leave(remembered: true) }
      heat = 0
      return .toLane(main)
    }
    guard heat > 0 else { return .leave(remembered: false) }
    heat -= 1
    return .toLane(main)
  }
}
