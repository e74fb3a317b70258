import DaemonDriver
import LocalWire
import Model
import PageStore
import Ring
import Synchronization
import Testing

@testable import WorkerDaemon

@Suite("Short circuit: leases under everything that happens to them")
struct LeaseModelTests {
  @Test(
    "no reader that finds its word live behind the copy has a wrong byte",
    arguments: SeededRandom.seeds(8))
  func model(seed: UInt64) throws {
    let report = try LeaseModel(seed: seed).run(5000)
    #expect(report.wrong == 0, "SEED=\(seed)")
    #expect(report.right > 20 && report.thrownAway > 5, "SEED=\(seed) \(report)")
    #expect(
      report.given > 100 && report.crashes > 5 && report.evictions > 20, "SEED=\(seed) \(report)")
    #expect(report.expired > 5 && report.revoked > 5, "SEED=\(seed) \(report)")
    #expect(try LeaseModel(seed: seed).run(5000) == report, "SEED=\(seed) is not repeated")
  }

  @Test("a reader that looks at the word before the copy is caught: the oracle sees")
  func canary() throws {
    var wrong = 0
    for seed in SeededRandom.seeds(8) {
      wrong += try LeaseModel(seed: seed, isCareless: true).run(5000).wrong
    }
    #expect(wrong > 0)
  }

  /// A reader on its own thread copies whatever is published while leases end and memory is given to other pages.
  @Test("a reader on another processor never takes another page's bytes for its own")
  func race() async throws {
    let store = try PageStore(capacity: 1 << 20, pageSize: 64 << 10, seed: 1)
    let memory = try #require(LeasedMemory(store, limit: 1 << 20))
    let limits = LeaseBook.Limits(slots: 4, share: 1 << 20, term: .max, holdMax: .max)
    let book = Confined(try LeaseBook(limits, memory: memory, window: nil))
    let published = Published()
    let base = Confined(UnsafeRawPointer(store.arenas.arenas[0].base))
    let words = book.value.words
    let pool = try BlockingPool(name: "race", threads: 2)
    defer { pool.stop() }
    async let reads = pool.run { () -> (checked: Int, wrong: Int) in
      var (checked, wrong) = (0, 0)
      var copy = [UInt8](repeating: 0, count: 4096)
      while !published.isOver.load(ordering: .acquiring) {
        guard let lease = published.lease.withLock({ $0 }) else { continue }
        copy.withUnsafeMutableBytes {
          $0.copyMemory(from: UnsafeRawBufferPointer(start: base.value + lease.offset, count: 4096))
        }
        guard words.isLive(lease.mark) else { continue }
        checked += 1
        if copy.contains(where: { $0 != lease.byte }) { wrong += 1 }
      }
      return (checked, wrong)
    }
    await pool.run {
      for round in 0..<20_000 {
        let key = PageKey(file: FileKey(high: 1, low: UInt64(round)), index: 0)
        guard case .owner(let fill) = store.fill(key, length: 4096) else { continue }
        let byte = UInt8(truncatingIfNeeded: round)
        for place in 0..<4096 { fill.buffer[place] = byte }
        let lease = fill.commit()
        guard case .leased(let mark, _, let offset, _) = book.value.give(lease, now: 0) else {
          continue
        }
        published.lease.withLock { $0 = (mark, Int(offset), byte) }
        book.value.end([mark])
        // Its memory goes to the next page at once.
        store.drop(key.file)
      }
      published.isOver.store(true, ordering: .releasing)
    }
    let result = await reads
    #expect(result.wrong == 0)
  }

  private final class Published: Sendable {
    let lease = Mutex<(mark: LeaseMark, offset: Int, byte: UInt8)?>(nil)
    let isOver = Atomic<Bool>(false)
  }

  private struct Confined<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
  }
}
