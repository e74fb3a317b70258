// The part of a page's entry that threads change without the stripe's lock.
//
//    63             40 39          24 23      20 19             0
//   +-----------------+--------------+----------+----------------+
//   | length - 1 (24) | generation 16| state  4 | pins        20 |
//   +-----------------+--------------+----------+----------------+
//
// Pins go up only under the stripe's lock; they go down anywhere. Whoever makes the word "doomed, not filling, no pins"
// (one thread sees that, by the atomic operation's result) gives the page's space back.

/// Length, generation, state and pin count of a page.
struct PageWord: Equatable {
  /// Most pins of one page.
  static let pinsMax = 1 << 20 - 1
  /// The page is being brought; its bytes are the filler's alone.
  static let filling: UInt64 = 1 << 20
  /// The page is valid, in the index and in the LRU list.
  static let resident: UInt64 = 1 << 21
  /// The page leaves as soon as nobody holds it; nobody can find it any more.
  static let doomed: UInt64 = 1 << 22

  var raw: UInt64

  init(raw: UInt64) { self.raw = raw }

  /// The word of a page of `length` bytes at the start of its fill: one pin, the filler's.
  init(fillOf length: Int, generation: UInt16) {
    raw = UInt64(length - 1) << 40 | UInt64(generation) << 24 | PageWord.filling | 1
  }

  /// The word of a free entry.
  init(freeWithGeneration generation: UInt16) { raw = UInt64(generation) << 24 }

  var pins: Int { Int(raw & (1 << 20 - 1)) }
  var isFilling: Bool { raw & PageWord.filling != 0 }
  var isResident: Bool { raw & PageWord.resident != 0 }
  var isDoomed: Bool { raw & PageWord.doomed != 0 }
  var generation: UInt16 { UInt16(truncatingIfNeeded: raw >> 24) }
  var length: Int { Int(raw >> 40) + 1 }
  /// True when the page's space must be given back now.
  var isReclaimable: Bool {
    raw & (PageWord.doomed | PageWord.filling | (1 << 20 - 1)) == PageWord.doomed
  }
}
