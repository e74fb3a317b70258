import Glibc
import Ring
import Testing

@testable import WorkerDaemon

@Suite("Spare memory of the short circuit")
struct SpareMemoryTests {
  private func ready(_ spares: SpareMemory, on ring: Reactor) async -> Bool {
    await ring.run {
      for _ in 0..<10_000 where !spares.isReady { await ring.sleep(for: .milliseconds(1)) }
      return spares.isReady
    }
  }

  @Test(
    "a pair is made behind each client, has the sizes of the last one, and is given to one only")
  func pairs() async throws {
    let group = try ReactorGroup(count: 1, pinned: false)
    defer { group.stop() }
    let ring = group.reactors[0]
    let spares = SpareMemory(ring)
    #expect(await ring.run { !spares.isReady })
    var seen: Set<Int32> = []
    var kept: [SpareMemory.Pair] = []
    for (table, window) in [(8192, 1 << 20), (8192, 1 << 20), (4096, 0), (8192, 1 << 20)] {
      let pair = try await ring.run { () -> Result<SpareMemory.Pair, RingError> in
        do throws(RingError) {
          return .success(try spares.take(table: table, window: window))
        } catch { return .failure(error) }
      }.get()
      #expect(pair.table.size == table && pair.window?.size ?? 0 == window)
      // Only what was made ahead has its first page: the second pair.
      var status = stat()
      #expect(fstat(pair.table.descriptor, &status) == 0)
      #expect(kept.count == 1 ? status.st_blocks * 512 >= 4096 : status.st_blocks == 0)
      kept.append(pair)
      for memory in [pair.table, pair.window].compactMap({ $0 }) {
        #expect(seen.insert(memory.descriptor).inserted)
        // All zero, and nobody else's.
        #expect(
          UnsafeRawBufferPointer(start: memory.base, count: memory.size).allSatisfy { $0 == 0 })
        memset(memory.base, 1, memory.size)
      }
      #expect(await ready(spares, on: ring))
    }
  }
}
