// The kind of each block of a volume in two bits, and which block is free, the lowest first. A page's share of memory is a
// quarter of a byte: numbers, of four, are touched for mixed blocks only.
//
//   kinds    |..|..|..|… 32 blocks to a word          summaries[0]  a bit for each word with a free block
//   numbers  record of a mixed block                  summaries[1]  a bit for each word of summaries[0] that is not zero …

/// What every block of one volume is.
@safe struct BlockMap: ~Copyable, @unchecked Sendable {
  private static let blocksPerWord = 32
  /// The low bit of every pair.
  private static let lowBits: UInt64 = 0x5555_5555_5555_5555

  /// Blocks of the volume.
  let count: Int
  // SAFETY: flat arrays in the regions below, which this value owns; guarded by the volume's lock.
  private let kinds: UnsafeMutablePointer<UInt64>
  private let numbers: UnsafeMutablePointer<UInt32>
  private let kindRegion: FlatRegion
  private let numberRegion: FlatRegion
  private var summaries: [[UInt64]] = []

  /// A map of `count` blocks, all unusable.
  ///
  /// - Throws: `memoryUnavailable`.
  init(count: Int) throws(PageStoreError) {
    let words = (count + BlockMap.blocksPerWord - 1) / BlockMap.blocksPerWord
    let kindRegion = try FlatRegion(byteCount: words * MemoryLayout<UInt64>.stride)
    let numberRegion = try FlatRegion(byteCount: count * MemoryLayout<UInt32>.stride)
    self.count = count
    unsafe kinds = kindRegion.array(of: UInt64.self)
    unsafe numbers = numberRegion.array(of: UInt32.self)
    self.kindRegion = kindRegion
    self.numberRegion = numberRegion
    var bits = words
    repeat {
      bits = (bits + 63) / 64
      summaries.append(Array(repeating: 0, count: bits))
    } while bits > 1
  }

  /// The kind of `block`.
  func kind(of block: UInt32) -> RunAllocator.Kind {
    let word = unsafe kinds[Int(block) / BlockMap.blocksPerWord]
    let bits = word >> UInt64(Int(block) % BlockMap.blocksPerWord * 2) & 3
    return RunAllocator.Kind(rawValue: UInt32(bits)) ?? .unusable
  }

  /// Makes `block` one of `kind`.
  mutating func set(_ block: UInt32, _ kind: RunAllocator.Kind) {
    let index = Int(block) / BlockMap.blocksPerWord
    let shift = UInt64(Int(block) % BlockMap.blocksPerWord * 2)
    let before = unsafe kinds[index]
    let after = before & ~(3 << shift) | UInt64(kind.rawValue) << shift
    unsafe kinds[index] = after
    let hasFree = BlockMap.free(in: after) != 0
    guard (BlockMap.free(in: before) != 0) != hasFree else { return }
    summarize(index, hasFree)
  }

  /// The record of the mixed block `block`.
  func number(of block: UInt32) -> UInt32 { unsafe numbers[Int(block)] }

  /// Makes `block` a mixed one with the record `number`.
  mutating func set(_ block: UInt32, mixed number: UInt32) {
    set(block, .mixed)
    unsafe numbers[Int(block)] = number
  }

  /// The lowest free block, nil when there is none.
  ///
  /// O(log₆₄ blocks).
  var lowestFree: UInt32? {
    var index = 0
    for summary in summaries.reversed() {
      let word = summary[index]
      guard word != 0 else { return nil }
      index = index * 64 + word.trailingZeroBitCount
    }
    let free = unsafe BlockMap.free(in: kinds[index])
    return UInt32(index * BlockMap.blocksPerWord + free.trailingZeroBitCount / 2)
  }

  /// The low bit of each pair in `word` that says free, which is 01.
  private static func free(in word: UInt64) -> UInt64 { word & ~(word >> 1) & lowBits }

  /// Notes in the summaries whether the word at `index` has a free block.
  private mutating func summarize(_ index: Int, _ hasFree: Bool) {
    var (index, isSet) = (index, hasFree)
    for level in summaries.indices {
      let (word, bit) = (index / 64, UInt64(1) << UInt64(index % 64))
      let before = summaries[level][word]
      let after = isSet ? before | bit : before & ~bit
      summaries[level][word] = after
      guard (before != 0) != (after != 0) else { return }
      (index, isSet) = (word, after != 0)
    }
  }
}
