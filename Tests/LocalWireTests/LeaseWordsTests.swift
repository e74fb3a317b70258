import LocalWire
import Testing

@Suite("Words of leases")
struct LeaseWordsTests {
  @Test("a lease is live for its own generation alone, and until its word changes")
  func words() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: 64)
    let words = LeaseWords(memory, count: 8)
    let mark = LeaseMark(slot: 3, generation: 5)
    #expect(!words.isLive(mark))
    words.store(LeaseWord.live(5), at: 3)
    #expect(words.isLive(mark))
    #expect(!words.isLive(LeaseMark(slot: 3, generation: 4)))
    #expect(!words.isLive(LeaseMark(slot: 2, generation: 5)))
    #expect(!words.isLive(LeaseMark(slot: 8, generation: 5)), "a slot past the table is not live")
    #expect(memory.load(fromByteOffset: 24, as: UInt64.self) == 5 << 32 | 1)
    words.store(LeaseWord.ended(5), at: 3)
    #expect(!words.isLive(mark))
  }
}
