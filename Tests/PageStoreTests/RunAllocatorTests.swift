import DaemonDriver
import Testing

@testable import PageStore

@Suite("RunAllocator")
struct RunAllocatorTests {
  @Test("small pages share a block, and the smallest hole that fits is used")
  func bestFit() throws {
    var space = try RunAllocator(blockCount: 2, unitsPerBlock: 16, slotCount: 64)
    #expect(space.take(1, for: 1) == nil, "no block is usable yet")
    space.addBlocks(upTo: 2)
    #expect(space.take(4, for: 1) == 0)
    #expect(space.take(6, for: 2) == 4)
    #expect(space.take(2, for: 3) == 10)
    #expect(space.take(4, for: 4) == 12)
    #expect(space.take(1, for: 5) == 16, "the first block is full")
    space.giveBack(4, 6, of: 2)
    space.giveBack(0, 4, of: 1)
    space.giveBack(12, 4, of: 4)
    #expect(space.take(4, for: 6) == 12, "a hole of 4 is better than one of 10 or 15")
    #expect(space.take(16, for: 7) == nil, "both blocks are in use")
    #expect(space.take(15, for: 8) == 17)
    #expect(space.summarize().violations == [])
  }

  @Test("a block whose last page left can hold a full page again, and the reverse")
  func reuse() throws {
    var space = try RunAllocator(blockCount: 1, unitsPerBlock: 256, slotCount: 600)
    space.addBlocks(upTo: 1)
    for slot in 1...256 { #expect(space.take(1, for: UInt32(slot)) == UInt32(slot - 1)) }
    #expect(space.take(1, for: 300) == nil)
    unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 256) { buffer in
      let count = unsafe space.slots(besides: 100, into: buffer)
      #expect(unsafe Set(buffer.prefix(count)) == Set(1...256))
    }
    for slot in 1...256 { space.giveBack(UInt32(slot - 1), 1, of: UInt32(slot)) }
    #expect(space.usedUnits == 0)
    #expect(space.take(256, for: 1) == 0)
    #expect(space.take(1, for: 2) == nil)
    space.giveBack(0, 256, of: 1)
    #expect(space.take(255, for: 2) == 0)
    #expect(space.summarize().violations == [])
  }

  @Test(
    "random taking and giving back never overlaps and never refuses what fits",
    arguments: [16, 256, 4096], SeededRandom.seeds(6))
  func model(unitsPerBlock: Int, seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let blockCount = 5
    var space = try RunAllocator(
      blockCount: blockCount, unitsPerBlock: unitsPerBlock, slotCount: 4096)
    var taken = [Bool](repeating: false, count: blockCount * unitsPerBlock)
    var pages: [UInt32: (unit: Int, count: Int)] = [:]
    var usable = 0
    for step in 0..<400 {
      if usable < blockCount, random.below(20) == 0 {
        usable += 1
        space.addBlocks(upTo: usable)
      }
      if random.below(5) < 3 {
        let count = random.below(4) == 0 ? unitsPerBlock : 1 + random.below(unitsPerBlock / 3)
        let slot = UInt32(step + 1)
        let fits = (0..<usable).contains { block in
          longestRun(taken[block * unitsPerBlock..<(block + 1) * unitsPerBlock]) >= count
        }
        let unit = space.take(count, for: slot)
        #expect((unit != nil) == fits, "SEED=\(seed) step \(step)")
        guard let unit = unit.map({ Int($0) }) else { continue }
        #expect(unit / unitsPerBlock == (unit + count - 1) / unitsPerBlock, "SEED=\(seed)")
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
      #expect(space.summarize().violations == [], "SEED=\(seed) step \(step)")
    }
  }

  private func longestRun(_ taken: ArraySlice<Bool>) -> Int {
    var (longest, current) = (0, 0)
    for isTaken in taken {
      current = isTaken ? 0 : current + 1
      longest = max(longest, current)
    }
    return longest
  }
}
