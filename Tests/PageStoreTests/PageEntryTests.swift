import Synchronization
import Testing

@testable import PageStore

@Suite("PageEntry")
struct PageEntryTests {
  @Test("links, stamps and the record's address share words without touching each other")
  func packing() {
    #expect(MemoryLayout<PageEntry>.stride == 56)
    let entry = UnsafeMutablePointer<PageEntry>.allocate(capacity: 1)
    unsafe memset0(entry)
    defer { unsafe entry.deallocate() }
    let stamp: UInt64 = 0xFEDC_BA98_7654
    unsafe entry.pointee.stamp = stamp
    unsafe entry.pointee.chain = 0xFF_FFFF
    unsafe entry.pointee.older = 0xAB_CDEF
    unsafe entry.pointee.newer = 7
    #expect(unsafe entry.pointee.stamp == stamp)
    #expect(unsafe entry.pointee.chain == 0xFF_FFFF)
    #expect(unsafe entry.pointee.older == 0xAB_CDEF)
    unsafe entry.pointee.stamp = 0
    #expect(unsafe entry.pointee.chain == 0xFF_FFFF && entry.pointee.older == 0xAB_CDEF)
    unsafe entry.pointee.recordBits = 0x7FFF_1234_5678_9AB0
    #expect(unsafe entry.pointee.recordBits == 0x7FFF_1234_5678_9AB0)
    #expect(unsafe entry.pointee.chain == 0xFF_FFFF)
  }

  private func memset0(_ entry: UnsafeMutablePointer<PageEntry>) {
    unsafe UnsafeMutableRawPointer(entry).initializeMemory(
      as: UInt8.self, repeating: 0, count: MemoryLayout<PageEntry>.stride)
  }

  @Test("a word keeps length, generation, state and pins apart", arguments: [1, 4096, 16 << 20])
  func word(length: Int) {
    var word = PageWord(fillOf: length, generation: 0xBEEF)
    #expect(word.length == length && word.generation == 0xBEEF && word.pins == 1)
    #expect(word.isFilling && !word.isResident && !word.isDoomed && !word.isReclaimable)
    word.raw = word.raw & ~PageWord.filling | PageWord.doomed
    #expect(!word.isReclaimable, "it has a pin")
    word.raw += UInt64(PageWord.pinsMax - 1)
    #expect(word.pins == PageWord.pinsMax && word.isDoomed && word.length == length)
    word.raw -= UInt64(PageWord.pinsMax)
    #expect(word.isReclaimable && word.generation == 0xBEEF && word.length == length)
  }
}
