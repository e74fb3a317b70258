import DaemonDriver
import Testing

@testable import PageStore

@Suite("BlockMap")
struct BlockMapTests {
  @Test(
    "kinds and numbers are as they were set, and the lowest free block is found",
    arguments: [1, 31, 32, 33, 2048, 2049, 140_000], SeededRandom.seeds(3))
  func model(count: Int, seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var map = try BlockMap(count: count)
    var kinds = [RunAllocator.Kind](repeating: .unusable, count: count)
    #expect(map.lowestFree == nil)
    for step in 0..<500 {
      let block = random.below(4) == 0 ? count - 1 : random.below(count)
      let kind: RunAllocator.Kind = [.unusable, .free, .full, .mixed][random.below(4)]
      if kind == .mixed {
        map.set(UInt32(block), mixed: UInt32(step))
        #expect(map.number(of: UInt32(block)) == UInt32(step))
      } else {
        map.set(UInt32(block), kind)
      }
      kinds[block] = kind
      #expect(map.kind(of: UInt32(block)) == kind, "SEED=\(seed) step \(step)")
      let lowest = kinds.firstIndex(of: .free).map { UInt32($0) }
      #expect(map.lowestFree == lowest, "SEED=\(seed) step \(step)")
    }
    #expect((0..<count).allSatisfy { map.kind(of: UInt32($0)) == kinds[$0] }, "SEED=\(seed)")
  }
}
