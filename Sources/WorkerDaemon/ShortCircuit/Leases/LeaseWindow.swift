// A connection's own memory for pages that it cannot be given in place: units of 4 KiB, the lowest free run first, so that
// a client that needs little makes little resident.
//
// What was made resident stays so until the connection ends: the seal that keeps clients from punching holes keeps us, too.

import Ring

/// The window of one connection; confined to its ring.
final class LeaseWindow {
  /// Bytes of a unit.
  static let unitSize = 4096

  /// The memory; the client has its descriptor.
  let memory: SealedMemory
  private let budget: WindowBudget
  /// One bit for each unit, set when it is taken.
  private var taken: [UInt64]
  private let unitCount: Int
  /// Units below this were used at least once, and are resident.
  private var highWater = 0
  /// Units taken.
  private(set) var takenCount = 0

  /// A window of `size` bytes, rounded up to units.
  ///
  /// - Throws: What the kernel says.
  convenience init(size: Int, budget: WindowBudget) throws(RingError) {
    self.init(try SealedMemory(name: "penstock-window", size: size), budget: budget)
  }

  /// A window in `memory`, which nobody has used.
  init(_ memory: SealedMemory, budget: WindowBudget) {
    self.memory = memory
    self.budget = budget
    unitCount = memory.size / Self.unitSize
    taken = Array(repeating: 0, count: (unitCount + 63) / 64)
  }

  deinit { budget.giveBack(highWater * Self.unitSize) }

  /// Bytes of the window.
  var size: Int { memory.size }

  /// Bytes of it that are resident.
  var residentSize: Int { highWater * Self.unitSize }

  /// Takes units for `count` bytes; nil when there is no run of them, or no memory.
  func take(_ count: Int) -> Range<Int>? {
    precondition(count > 0, "something is put there")
    let needed = (count + Self.unitSize - 1) / Self.unitSize
    guard let start = freeRun(of: needed) else { return nil }
    let units = start..<start + needed
    if units.upperBound > highWater {
      guard budget.take((units.upperBound - highWater) * Self.unitSize) else { return nil }
      highWater = units.upperBound
    }
    for unit in units { taken[unit / 64] |= 1 << UInt64(unit % 64) }
    takenCount += needed
    return units
  }

  /// Whether there is a run of units for `count` bytes, which is not to say that there is memory.
  func hasRoom(for count: Int) -> Bool {
    freeRun(of: max(1, (count + Self.unitSize - 1) / Self.unitSize)) != nil
  }

  /// Gives units back that nobody may read any more.
  func giveBack(_ units: Range<Int>) {
    for unit in units {
      precondition(isTaken(unit), "units are given back once")
      taken[unit / 64] &= ~(1 << UInt64(unit % 64))
    }
    takenCount -= units.count
  }

  /// The memory of `units`.
  func bytes(of units: Range<Int>) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(
      start: memory.base + units.lowerBound * Self.unitSize, count: units.count * Self.unitSize)
  }

  private func isTaken(_ unit: Int) -> Bool { taken[unit / 64] >> UInt64(unit % 64) & 1 != 0 }

  /// The first unit of the lowest free run of `needed` units.
  private func freeRun(of needed: Int) -> Int? {
    var (start, unit) = (0, 0)
    while unit < unitCount {
      if unit % 64 == 0, taken[unit / 64] == .max {
        unit += 64
        start = unit
      } else if isTaken(unit) {
        unit += 1
        start = unit
      } else {
        unit += 1
        if unit - start == needed { return start }
      }
    }
    return nil
  }
}
