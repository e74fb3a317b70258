// The policy of one store: its kind, and what is set of it.

import Glibc

/// A policy as a store uses it.
struct ChosenPolicy: Sendable {
  let kind: EvictionPolicyKind
  /// How LFU classes counts.
  let classes: LFUClasses

  /// Lists for each tier and priority.
  var laneCount: Int { kind.laneCount }
  /// True when keys of pages that left are remembered.
  var remembersKeys: Bool { kind.remembersKeys }
  /// The most that a page's heat comes to.
  var heatMax: Int { kind.heatMax }

  func laneOnInsertion(wasRemembered: Bool) -> Int {
    kind.laneOnInsertion(wasRemembered: wasRemembered)
  }

  @inline(__always)
  func onHit(lane: Int, heat: inout UInt8) -> HitAction {
    guard kind == .lfu else { return kind.onHit(lane: lane, heat: &heat) }
    return LFUPolicy.onHit(lane: lane, heat: &heat, classes)
  }

  @inline(__always)
  func victimLane(_ counts: LaneCounts) -> Int? { kind.victimLane(counts) }

  @inline(__always)
  func onVictim(lane: Int, heat: inout UInt8) -> VictimAction {
    kind.onVictim(lane: lane, heat: &heat)
  }

  /// The lane whose oldest page is to be counted lower; nil for none.
  func agingLane(_ counts: LaneCounts, turn: Int) -> Int? {
    kind == .lfu ? LFUPolicy.agingLane(counts, turn: turn) : nil
  }

  /// Counts a page lower; returns its lane.
  func onAging(heat: inout UInt8) -> Int { LFUPolicy.onAging(heat: &heat, classes) }
}

/// The classes of LFU: a page of count n is in class ⌊log n⌋ to a base, of which there are eight.
///
/// A count is one more than half of the uses, so that one use more does not make a class. With base 1 each count is a class.
struct LFUClasses: Sendable, Equatable {
  /// The heat from which on a page is in each class; 256 for a class that none is in.
  private let starts: SIMD8<UInt16>

  /// Classes by logarithms to `base`, at least 1.
  init(base: Double = 2) {
    var starts = SIMD8<UInt16>(repeating: 256)
    for heat in (0...255).reversed() {
      let last = Self.classNumber(heat / 2 + 1, base)
      for number in 0...last { starts[number] = UInt16(heat) }
    }
    self.starts = starts
  }

  private static func classNumber(_ count: Int, _ base: Double) -> Int {
    guard base > 1 else { return min(7, count - 1) }
    // Rounding must not put a power of the base into the class below.
    return min(7, Int(log(Double(count)) / log(base) + 1e-9))
  }

  /// The class of a page of `heat`.
  @inline(__always)
  func lane(ofHeat heat: UInt8) -> Int {
    let isReached = starts .<= SIMD8(repeating: UInt16(heat))
    return Int(SIMD8<UInt16>.zero.replacing(with: 1, where: isReached).wrappedSum()) - 1
  }
}
