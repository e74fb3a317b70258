// What a seed decides before anything runs.

/// The sizes, rates and numbers of one simulation.
package struct SimPlan: Sendable {
  /// Virtual nanoseconds in which every task of a life must end.
  static let lifeLimit: UInt64 = 3_600_000_000_000

  /// Whether tasks run in random order, or first come first served.
  let isShuffled: Bool
  /// Bytes of a full page.
  let pageSize: Int
  /// Full pages that memory holds.
  let memoryPages: Int
  let fileCount: Int
  let fileLengthMax: Int
  let readers: Int
  let loaders: Int
  let droppers: Int
  /// Operations of each task.
  let operations: Int
  let lives: Int
  /// Lives that end by loss of power, per million.
  let crashRate: Int
  let ufsErrorRate: Int
  /// Fills that are given up, per million.
  let abandonRate: Int
  /// Jobs between two audits of the whole store.
  let auditInterval: Int

  init(_ random: inout SimRandom) {
    isShuffled = random.below(5) > 0
    pageSize = (64 << 10) << random.below(3)
    memoryPages = 2 + random.below(12)
    fileCount = 1 + random.below(16)
    fileLengthMax = pageSize * (1 + random.below(6))
    readers = 1 + random.below(8)
    loaders = random.below(3)
    droppers = random.below(3)
    operations = 20 + random.below(60)
    lives = 1 + random.below(4)
    crashRate = random.pick([0, 500_000, 1_000_000])
    ufsErrorRate = random.pick([0, 0, 20_000, 200_000])
    abandonRate = random.pick([0, 0, 20_000, 200_000])
    auditInterval = 16 + random.below(64)
  }
}
