// Damage to a log between two lives: what a reader of it must survive.

import PageStore
import Model

extension SimPageLog.Image {
  /// Makes the log end in the middle, lose records, or say things that are not so.
  package mutating func damage(_ random: inout SimRandom) {
    switch random.below(4) {
    case 0: isDamaged = true
    case 1:
      for unit in pages.keys.sorted() where random.below(4) == 0 { pages[unit] = nil }
    default:
      for unit in pages.keys.sorted() where random.below(3) == 0 { distort(unit, &random) }
    }
  }

  private mutating func distort(_ unit: UInt32, _ random: inout SimRandom) {
    guard var page = pages[unit] else { return }
    switch random.below(6) {
    case 0: page.length = random.pick([0, -1, 1, Int.max, 1 << 20, page.length + 1])
    case 1: page.unit = random.pick([.max, page.unit &+ 1, page.unit &* 3, 0])
    case 2: page.root ^= 1
    case 3: page.sequence = random.pick([0, .max, page.sequence &+ 100])
    case 4:
      // The page of another record: its checksum must say that these are not its bytes.
      let others = pages.values.sorted { $0.unit < $1.unit }
      let other = others[random.below(others.count)]
      page.key = other.key
      page.length = random.below(2) == 0 ? page.length : other.length
    default:
      // Another record that claims units of this one.
      page.unit &+= 2
      pages[page.unit] = page
      return
    }
    pages[unit] = nil
    pages[page.unit] = page
  }
}
