import DaemonDriver
import Testing

@testable import PageStore

@Suite("RunAllocator+Adoption")
struct RunAdoptionTests {
  @Test("adopted runs are taken, the rest is free from the lowest block up")
  func adoption() throws {
    var space = try RunAllocator(blockCount: 4, unitsPerBlock: 257, slotCount: 64)
    #expect(space.adopt(unit: 257, count: 257, slot: 1) == true)
    #expect(space.adopt(unit: 514 + 10, count: 5, slot: 2) == true)
    #expect(space.adopt(unit: 514 + 15, count: 242, slot: 3) == true, "up to the end of the block")
    #expect(space.adopt(unit: 514 + 14, count: 1, slot: 4) == false, "taken")
    #expect(space.adopt(unit: 514, count: 11, slot: 4) == false, "overlaps")
    #expect(space.adopt(unit: 514, count: 257, slot: 4) == false, "a mixed block is not free")
    #expect(space.adopt(unit: 300, count: 1, slot: 4) == false, "a full block has no room")
    space.finishAdoption()
    #expect(space.usedUnits == 257 + 247)
    #expect(space.summarize().violations == [])
    #expect(space.take(257, for: 5) == 0, "the lowest free block")
    #expect(space.take(10, for: 6) == 514, "the hole that fits")
    space.giveBack(257, 257, of: 1)
    space.giveBack(514 + 10, 5, of: 2)
    space.giveBack(514 + 15, 242, of: 3)
    space.giveBack(514, 10, of: 6)
    #expect(space.take(257, for: 7) == 257, "the lowest free block")
    #expect(space.take(257, for: 8) == 514)
    #expect(space.summarize().violations == [])
  }

  @Test("no numbers trap: what is no run of the volume is refused")
  func refusals() throws {
    var space = try RunAllocator(blockCount: 3, unitsPerBlock: 16, slotCount: 8)
    for unit: UInt32 in [0, 15, 16, 40, 47, 48, 100, .max - 1, .max] {
      for count in [Int.min, -1, 0, 17, 18, 4096, .max] {
        #expect(space.adopt(unit: unit, count: count, slot: 1) == false)
      }
    }
    #expect(space.adopt(unit: 48, count: 1, slot: 1) == false, "behind the last block")
    #expect(space.adopt(unit: 15, count: 2, slot: 1) == false, "in two blocks")
    #expect(space.adopt(unit: 0, count: 1, slot: 8) == false, "no such slot")
    #expect(space.adopt(unit: 0, count: 1, slot: .max) == false)
    #expect(space.usedUnits == 0)
    space.finishAdoption()
    for slot in 1...3 { #expect(space.take(16, for: UInt32(slot)) == UInt32(slot - 1) * 16) }
  }

  @Test("runs given back before the end of adoption are free after it")
  func givenBackEarly() throws {
    var space = try RunAllocator(blockCount: 2, unitsPerBlock: 16, slotCount: 8)
    #expect(space.adopt(unit: 0, count: 16, slot: 1) == true)
    #expect(space.adopt(unit: 16, count: 3, slot: 2) == true)
    space.giveBack(0, 16, of: 1)
    space.giveBack(16, 3, of: 2)
    #expect(space.adopt(unit: 20, count: 3, slot: 3) == true)
    space.finishAdoption()
    #expect(space.usedUnits == 3)
    #expect(space.take(16, for: 4) == 0)
    #expect(space.take(16, for: 5) == nil)
    #expect(space.summarize().violations == [])
  }

  @Test("a retired run belongs to no page and to nobody else")
  func retired() throws {
    var space = try RunAllocator(blockCount: 2, unitsPerBlock: 16, slotCount: 8)
    space.addBlocks(upTo: 2)
    #expect(space.take(16, for: 1) == 0)
    #expect(space.take(4, for: 2) == 16)
    #expect(space.take(4, for: 3) == 20)
    space.retire(0, 16, of: 1)
    space.retire(16, 4, of: 2)
    unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { buffer in
      #expect(unsafe space.slots(besides: 20, into: buffer) == 1)
      #expect(unsafe buffer[0] == 3)
    }
    space.giveBack(20, 4, of: 3)
    #expect(space.take(16, for: 4) == nil)
    #expect(space.take(12, for: 4) == 20)
    #expect(space.usedUnits == 32)
    #expect(space.summarize().violations == [])
  }

  @Test(
    "an allocator that adopted runs goes on like the one that gave them",
    arguments: [16, 33, 257, 4100], SeededRandom.seeds(6))
  func model(unitsPerBlock: Int, seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let blockCount = 5
    var taken = [Bool](repeating: false, count: blockCount * unitsPerBlock)
    var pages: [UInt32: (unit: Int, count: Int)] = [:]
    var space = try RunAllocator(
      blockCount: blockCount, unitsPerBlock: unitsPerBlock, slotCount: 4096)
    for step in 0..<200 {
      let count = random.below(4) == 0 ? unitsPerBlock : 1 + random.below(unitsPerBlock / 3)
      let unit = random.below(blockCount * unitsPerBlock + 20)
      let isWithin = unit % unitsPerBlock + count <= unitsPerBlock
      let isFree = unit + count <= taken.count && !taken[unit..<unit + count].contains(true)
      let slot = UInt32(step + 1)
      let isAdopted = space.adopt(unit: UInt32(unit), count: count, slot: slot)
      #expect(isAdopted == (isWithin && isFree), "SEED=\(seed) step \(step)")
      guard isAdopted else { continue }
      for index in unit..<unit + count { taken[index] = true }
      pages[slot] = (unit, count)
    }
    space.finishAdoption()
    #expect(space.usedUnits == taken.count { $0 }, "SEED=\(seed)")
    #expect(space.summarize().violations == [], "SEED=\(seed)")
    for step in 0..<200 {
      if random.below(2) == 0 {
        let count = random.below(4) == 0 ? unitsPerBlock : 1 + random.below(unitsPerBlock / 3)
        let slot = UInt32(1000 + step)
        guard let unit = space.take(count, for: slot).map({ Int($0) }) else { continue }
        #expect(!taken[unit..<unit + count].contains(true), "SEED=\(seed) step \(step)")
        for index in unit..<unit + count { taken[index] = true }
        pages[slot] = (unit, count)
      } else if let slot = pages.keys.sorted().randomElement(using: &random),
        let page = pages.removeValue(forKey: slot)
      {
        space.giveBack(UInt32(page.unit), page.count, of: slot)
        for index in page.unit..<page.unit + page.count { taken[index] = false }
      }
      #expect(space.usedUnits == taken.count { $0 }, "SEED=\(seed) step \(step)")
    }
    #expect(space.summarize().violations == [], "SEED=\(seed)")
  }
}
