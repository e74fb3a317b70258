// Taking over runs that were taken in an earlier life, before the free blocks are listed; and runs that nobody may have.

extension RunAllocator {
  /// Marks the run of `count` units at `unit` as taken by the page at `slot`, or by no page when `slot` is 0.
  ///
  /// Before `finishAdoption` and instead of `addBlocks`. False, and nothing is changed, when the run is not inside one
  /// block of the volume, overlaps an adopted one, or the slot is no slot: any numbers may be given.
  mutating func adopt(unit: UInt32, count: Int, slot: UInt32) -> Bool {
    precondition(usableBlocks == 0, "adoption comes before the first free block")
    guard slot < UInt32(clamping: slotCount), canAdopt(unit: unit, count: count) else {
      return false
    }
    let block = Int(unit) / unitsPerBlock
    let start = Int(unit) % unitsPerBlock
    if count == unitsPerBlock {
      setKind(of: UInt32(block), .full)
    } else {
      let number =
        kind(of: UInt32(block)) == .mixed
        ? map.number(of: UInt32(block)) : makeRecord(for: UInt32(block))
      mark(number, start..<start + count, taken: true)
      unsafe record(number).pointee.freeUnits -= UInt32(count)
      file(number)
      if slot != 0 { link(slot, in: number) }
    }
    usedUnits += count
    return true
  }

  /// True when the run of `count` units at `unit` lies inside one block and nobody has adopted a part of it.
  func canAdopt(unit: UInt32, count: Int) -> Bool {
    let block = Int(unit) / unitsPerBlock
    let start = Int(unit) % unitsPerBlock
    guard block < blockCount, count > 0, count <= unitsPerBlock - start else { return false }
    switch kind(of: UInt32(block)) {
    case .unusable: return true
    case .mixed:
      let number = map.number(of: UInt32(block))
      return count < unitsPerBlock
        && firstUnit(in: number, from: start, taken: true) >= start + count
    default: return false
    }
  }

  /// Ends adoption: every block without an adopted run is free, the lowest is used first.
  mutating func finishAdoption() {
    precondition(usableBlocks == 0, "adoption ends once")
    for block in 0..<blockCount where kind(of: UInt32(block)) == .unusable {
      pushFree(UInt32(block))
    }
    usableBlocks = blockCount
  }

  /// Takes the run of `count` units at `unit` from the page at `slot`; nobody gets it any more.
  mutating func retire(_ unit: UInt32, _ count: Int, of slot: UInt32) {
    let block = unit / UInt32(unitsPerBlock)
    guard count < unitsPerBlock else {
      return precondition(kind(of: block) == .full, "a full page has a block of its own")
    }
    precondition(kind(of: block) == .mixed, "a small page lies in a mixed block")
    unlink(slot, in: map.number(of: block))
  }
}
