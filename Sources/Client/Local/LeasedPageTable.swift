// Which pages of a file are leased, and where they lie, looked up without a lock.
//
//   root: a word for each 512 pages ──▶ chunk: 512 × | mark (generation ≪ 32 | slot, 0: none) | address |
//
//   writer (the file's lock held)        reader (any thread)
//   mark ← 0, fence, address ← …         mark, address, fence, mark again: the same twice → they belong together
//   mark ← new (release)
//
// A mark names one lease of the connection for ever, so that the same mark twice means that nothing was written in between.

import Glibc
import LocalWire
import Synchronization

/// The leased pages of one file by number; one thread writes at a time, any number read.
@safe final class LeasedPageTable: @unchecked Sendable {
  // SAFETY: memory is made by the writer, published with release order, and freed at the end of this alone; each word is
  // accessed atomically only.

  /// A page where it was leased.
  @safe struct Place {
    let address: UnsafeRawPointer
    let mark: LeaseMark
  }

  private typealias Word = Atomic<UInt64>

  private static let chunkShift: UInt32 = 9
  private static let chunkCount = 1 << chunkShift
  private let root: UnsafeMutablePointer<Word>?
  private let rootCount: Int

  /// A table for a file of `pageCount` pages, none of them leased; takes 8 KiB for each 512 pages that ever are.
  init(pageCount: UInt32) {
    rootCount = Int(pageCount >> Self.chunkShift) + 1
    // Zero pages that are made when they are used.
    unsafe root = calloc(rootCount, MemoryLayout<Word>.size)?
      .bindMemory(to: Word.self, capacity: rootCount)
  }

  deinit {
    guard let root = unsafe root else { return }
    for index in 0..<rootCount {
      let bits = UInt(truncatingIfNeeded: unsafe root[index].load(ordering: .relaxed))
      if bits != 0 { unsafe free(UnsafeMutableRawPointer(bitPattern: bits)) }
    }
    unsafe free(root)
  }

  /// The two words of `page`; nil while no page near it was ever leased.
  @inline(__always)
  private func words(of page: UInt32) -> UnsafeMutablePointer<Word>? {
    let place = Int(page >> Self.chunkShift)
    guard place < rootCount, let root = unsafe root else { return nil }
    let bits = UInt(truncatingIfNeeded: unsafe root[place].load(ordering: .acquiring))
    guard let chunk = unsafe UnsafeMutablePointer<Word>(bitPattern: bits) else { return nil }
    return unsafe chunk + 2 * (Int(page) & (Self.chunkCount - 1))
  }

  /// Where `page` is leased; nil when it is not, or is just changing.
  @inline(__always)
  func find(_ page: UInt32) -> Place? {
    guard let words = unsafe words(of: page) else { return nil }
    let mark = unsafe words[0].load(ordering: .acquiring)
    guard mark != 0 else { return nil }
    let bits = UInt(truncatingIfNeeded: unsafe words[1].load(ordering: .relaxed))
    atomicMemoryFence(ordering: .acquiring)
    guard unsafe words[0].load(ordering: .relaxed) == mark,
      let address = unsafe UnsafeRawPointer(bitPattern: bits)
    else { return nil }
    return unsafe Place(
      address: address,
      mark: LeaseMark(
        slot: UInt32(truncatingIfNeeded: mark), generation: UInt32(truncatingIfNeeded: mark >> 32)))
  }

  /// Says that `page` is leased as `mark` at `address`; does nothing when there is no memory for that.
  func set(_ page: UInt32, _ address: UnsafeRawPointer, _ mark: LeaseMark) {
    makeChunk(of: page)
    guard let words = unsafe words(of: page) else { return }
    unsafe words[0].store(0, ordering: .relaxed)
    atomicMemoryFence(ordering: .releasing)
    unsafe words[1].store(UInt64(UInt(bitPattern: address)), ordering: .relaxed)
    unsafe words[0].store(
      UInt64(mark.generation) << 32 | UInt64(mark.slot), ordering: .releasing)
  }

  /// Says that `page` is leased no more.
  func clear(_ page: UInt32) {
    guard let words = unsafe words(of: page) else { return }
    unsafe words[0].store(0, ordering: .releasing)
  }

  private func makeChunk(of page: UInt32) {
    let place = Int(page >> Self.chunkShift)
    guard place < rootCount, let root = unsafe root,
      unsafe root[place].load(ordering: .relaxed) == 0,
      let memory = unsafe calloc(2 * Self.chunkCount, MemoryLayout<Word>.size)
    else { return }
    let chunk = unsafe memory.bindMemory(to: Word.self, capacity: 2 * Self.chunkCount)
    unsafe root[place].store(UInt64(UInt(bitPattern: chunk)), ordering: .releasing)
  }
}
