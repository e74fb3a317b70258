// The simulated log keeps the order that the seam promises, and loses only tails.

import Model
import PageStore
import SimSupport
import Testing

@Suite("Simulated page log")
struct SimPageLogTests {
  private static func page(_ unit: UInt32) -> StoredPage {
    StoredPage(
      unit: unit, key: PageKey(file: FileKey(high: 1, low: UInt64(unit)), index: unit),
      length: 4096,
      root: unit, sequence: UInt64(unit), filledAt: 0)
  }

  private static func log(
    _ executor: SimExecutor, seed: UInt64, _ image: SimPageLog.Image = .init()
  ) -> SimPageLog {
    SimPageLog(0, image, executor: executor, random: SimRandom(seed: seed))
  }

  private static func units(of image: SimPageLog.Image) throws -> [UInt32] {
    let executor = SimExecutor(random: SimRandom(seed: 0))
    var units: [UInt32] = []
    try log(executor, seed: 0, image).restore {
      units.append($0.unit)
    } quarantined: { _, _ in
    }
    return units
  }

  @Test("a crash loses a tail of what was queued, never one change before another")
  func tail() throws {
    var lengths: Set<Int> = []
    for seed in 1...60 as ClosedRange<UInt64> {
      let executor = SimExecutor(random: SimRandom(seed: seed))
      let log = Self.log(executor, seed: seed)
      for unit in 0..<10 as Range<UInt32> { log.put(Self.page(unit)) }
      log.remove(unit: 0)
      let units = try Self.units(of: log.crash())
      lengths.insert(units.count)
      let isRemoved = units.first != 0
      #expect(
        isRemoved
          ? units.isEmpty || units == Array(1..<10) : units == Array(0..<UInt32(units.count)))
    }
    #expect(lengths.count > 5)
  }

  @Test("what was flushed before a crash is there after it")
  func flushed() throws {
    let executor = SimExecutor(random: SimRandom(seed: 5))
    let log = Self.log(executor, seed: 5)
    executor.spawn("writer") {
      log.put(Self.page(1))
      await log.flush()
      log.put(Self.page(2))
      log.quarantine(unit: 7, count: 3)
    }
    _ = executor.run(limit: 1 << 40) { executor.liveTasks.isEmpty }
    let image = log.crash()
    #expect(try Self.units(of: image).first == 1)
  }

  @Test("a damaged log throws once, and what it did not give is given up")
  func damaged() throws {
    let executor = SimExecutor(random: SimRandom(seed: 5))
    let log = Self.log(executor, seed: 5)
    log.put(Self.page(1))
    log.put(Self.page(2))
    log.close()
    var image = log.closedImage
    image.isDamaged = true
    #expect(throws: PageStoreError.self) { try Self.units(of: image) }
    let again = Self.log(executor, seed: 6, image)
    try? again.restore { _ in
    } quarantined: { _, _ in
    }
    #expect(try Self.units(of: again.closedImage) == [1])
  }
}
