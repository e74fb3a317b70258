// Space of one volume: runs of 4 KiB units inside blocks of one page size.
//
//   block 0  (pageSize = 1 MiB = 256 units)      block 1                     block 2
//   |████████████ one full page ████████████|    |██ a ██|░░|███ b ███|░░░|  |░░░░░ free ░░░░░|
//
// A page of n bytes takes ceil(n / 4096) neighbouring units of one block. A free block and a block that one full page
// takes cost two bits each (BlockMap); a mixed block has a record with a bitmap, its pages in a list, and a place in the bucket of its
// largest free run, so that the smallest run that fits is found by the lowest bucket that is not empty.
//
// Not here: which page leaves when no run fits (StoreCore+Room), and locking (the volume's).

/// The free and taken runs of one volume.
@safe struct RunAllocator: ~Copyable, @unchecked Sendable {
  /// Bytes of a unit.
  static let unitSize = 4096

  /// What a block is, in two bits.
  enum Kind: UInt32 {
    case unusable = 0
    case free = 1
    case full = 2
    case mixed = 3
  }

  /// Bookkeeping of one mixed block; its bitmap (a set bit is a taken unit) follows in memory.
  struct Record {
    var block: UInt32
    var firstSlot: UInt32
    var freeUnits: UInt32
    var largestRun: UInt32
    var next: UInt32
    var previous: UInt32
  }

  /// Neighbours of a page in its block's list, by slot; 0 ends it.
  struct Links {
    var next: UInt32
    var previous: UInt32
  }

  static let numberMask: UInt32 = 1 << 30 - 1

  /// Units of a block.
  let unitsPerBlock: Int
  /// Blocks of the volume: its quota.
  let blockCount: Int
  /// Slots of pages are below this number.
  let slotCount: Int
  /// Blocks whose memory may be used, from the first.
  var usableBlocks = 0
  /// Units taken, doomed and filling pages included.
  var usedUnits = 0

  // SAFETY: flat arrays in the regions below, which this value owns; guarded by the volume's lock.
  let links: UnsafeMutablePointer<Links>
  private let records: UnsafeMutableRawPointer
  private let recordSize: Int
  private let bitmapWords: Int
  private let linkRegion: FlatRegion
  private let recordRegion: FlatRegion

  /// What each block is.
  private(set) var map: BlockMap
  /// Recycled records, chained by `next`, and the first never used; record 0 is never used.
  private var freeRecord: UInt32 = 0
  private var freshRecord: UInt32 = 1
  /// Mixed blocks by largest free run, and which buckets are not empty.
  var buckets: [UInt32]
  private var occupied: [UInt64]

  /// An allocator of `blockCount` blocks, none of them usable yet, for pages whose slots are below `slotCount`.
  ///
  /// - Throws: `memoryUnavailable`.
  init(blockCount: Int, unitsPerBlock: Int, slotCount: Int) throws(PageStoreError) {
    precondition(blockCount > 0, "a volume has a block")
    precondition(blockCount < Int(RunAllocator.numberMask), "block numbers fit")
    // 64 KiB to 16 MiB, and up to 4 units of checksums.
    precondition(unitsPerBlock >= 16 && unitsPerBlock <= 4100, "a block is one page")
    let bitmapWords = (unitsPerBlock + 63) / 64
    let recordSize = MemoryLayout<Record>.stride + bitmapWords * 8
    precondition(MemoryLayout<Record>.stride == 24, "a record's bitmap is aligned")
    let map = try BlockMap(count: blockCount)
    let linkRegion = try FlatRegion(byteCount: slotCount * MemoryLayout<Links>.stride)
    let recordRegion = try FlatRegion(byteCount: (blockCount + 1) * recordSize)
    self.blockCount = blockCount
    self.slotCount = slotCount
    self.unitsPerBlock = unitsPerBlock
    self.bitmapWords = bitmapWords
    self.recordSize = recordSize
    unsafe links = linkRegion.array(of: Links.self)
    unsafe records = recordRegion.base
    self.map = map
    self.linkRegion = linkRegion
    self.recordRegion = recordRegion
    buckets = Array(repeating: 0, count: unitsPerBlock + 1)
    occupied = Array(repeating: 0, count: unitsPerBlock / 64 + 1)
  }

  // MARK: Taking and giving back

  /// Makes the blocks before `end` usable.
  mutating func addBlocks(upTo end: Int) {
    precondition(end <= blockCount, "a volume does not grow past its quota")
    let first = usableBlocks
    usableBlocks = max(usableBlocks, end)
    for block in first..<usableBlocks { pushFree(UInt32(block)) }
  }

  /// Takes `count` units for the page at `slot` and returns the first one's number in the volume, or nil when no run fits.
  mutating func take(_ count: Int, for slot: UInt32) -> UInt32? {
    precondition(count > 0 && count <= unitsPerBlock, "a page fits a block")
    if count == unitsPerBlock {
      guard let block = popFree() else { return nil }
      map.set(block, .full)
      usedUnits += count
      return block * UInt32(unitsPerBlock)
    }
    guard let number = bestRecord(for: count) ?? makeRecord() else { return nil }
    let start = bestRun(in: number, atLeast: count)
    mark(number, start..<start + count, taken: true)
    unsafe record(number).pointee.freeUnits -= UInt32(count)
    file(number)
    link(slot, in: number)
    usedUnits += count
    return unsafe record(number).pointee.block * UInt32(unitsPerBlock) + UInt32(start)
  }

  /// Gives the `count` units from `unit` back, which the page at `slot` had.
  mutating func giveBack(_ unit: UInt32, _ count: Int, of slot: UInt32) {
    let block = unit / UInt32(unitsPerBlock)
    if count < unitsPerBlock {
      precondition(kind(of: block) == .mixed, "a small page lies in a mixed block")
      unlink(slot, in: map.number(of: block))
    }
    release(unit, count)
  }

  /// Gives the `count` units from `unit` back, which no page has any more.
  mutating func release(_ unit: UInt32, _ count: Int) {
    let block = unit / UInt32(unitsPerBlock)
    usedUnits -= count
    if count == unitsPerBlock {
      precondition(kind(of: block) == .full, "a full page has a block of its own")
      return vacate(block)
    }
    precondition(kind(of: block) == .mixed, "a small page lies in a mixed block")
    let number = map.number(of: block)
    let start = Int(unit) % unitsPerBlock
    mark(number, start..<start + count, taken: false)
    unsafe record(number).pointee.freeUnits += UInt32(count)
    if unsafe Int(record(number).pointee.freeUnits) == unitsPerBlock {
      unfile(number)
      unsafe record(number).pointee.next = freeRecord
      freeRecord = number
      vacate(block)
    } else {
      // Only the run around the units can have become the largest.
      let run = freeRun(in: number, around: start..<start + count)
      file(number, largest: max(unsafe Int(record(number).pointee.largestRun), run.count))
    }
  }

  /// Writes the slots of the small pages in the block of `unit` to `buffer`, and returns how many there are.
  func slots(besides unit: UInt32, into buffer: UnsafeMutableBufferPointer<UInt32>) -> Int {
    let block = unit / UInt32(unitsPerBlock)
    guard kind(of: block) == .mixed else { return 0 }
    var count = 0
    var slot = unsafe record(map.number(of: block)).pointee.firstSlot
    while slot != 0, count < buffer.count {
      unsafe buffer[count] = slot
      count += 1
      slot = unsafe links[Int(slot)].next
    }
    return count
  }

  // MARK: Blocks

  func kind(of block: UInt32) -> Kind { map.kind(of: block) }

  mutating func setKind(of block: UInt32, _ kind: Kind) { map.set(block, kind) }

  mutating func pushFree(_ block: UInt32) { map.set(block, .free) }

  /// Lists a block that became free; one that is left before the end of adoption is listed then.
  private mutating func vacate(_ block: UInt32) {
    guard block >= usableBlocks else { return pushFree(block) }
    map.set(block, .unusable)
  }

  /// The lowest free block, which becomes something else at once; nil when there is none.
  private func popFree() -> UInt32? { map.lowestFree }

  // MARK: Mixed blocks

  func record(_ number: UInt32) -> UnsafeMutablePointer<Record> {
    unsafe (records + Int(number) * recordSize).assumingMemoryBound(to: Record.self)
  }

  func bitmap(_ number: UInt32) -> UnsafeMutablePointer<UInt64> {
    unsafe (records + Int(number) * recordSize + MemoryLayout<Record>.stride)
      .assumingMemoryBound(to: UInt64.self)
  }

  /// A record for a free block, in no bucket yet, or nil when no block is free.
  private mutating func makeRecord() -> UInt32? {
    guard let block = popFree() else { return nil }
    return makeRecord(for: block)
  }

  /// A record for `block`, which nobody has, in no bucket yet.
  mutating func makeRecord(for block: UInt32) -> UInt32 {
    var number = freeRecord
    if number != 0 {
      freeRecord = unsafe record(number).pointee.next
    } else {
      number = freshRecord
      freshRecord += 1
    }
    unsafe record(number).initialize(
      to: Record(
        block: block, firstSlot: 0, freeUnits: UInt32(unitsPerBlock), largestRun: 0, next: 0,
        previous: 0))
    for word in 0..<bitmapWords { unsafe bitmap(number)[word] = 0 }
    map.set(block, mixed: number)
    return number
  }

  /// The mixed block whose largest run is the smallest of at least `count` units, or nil.
  private func bestRecord(for count: Int) -> UInt32? {
    var word = count / 64
    var bits = occupied[word] & (~0 << UInt64(count % 64))
    while bits == 0 {
      word += 1
      guard word < occupied.count else { return nil }
      bits = occupied[word]
    }
    return buckets[word * 64 + bits.trailingZeroBitCount]
  }

  /// Puts a record in the bucket of its largest run, which may have changed.
  mutating func file(_ number: UInt32) {
    var largest = 0
    forEachRun(in: number) { run in largest = max(largest, run.count) }
    file(number, largest: largest)
  }

  /// Puts a record in the bucket of `largest`, its largest run.
  private mutating func file(_ number: UInt32, largest: Int) {
    guard unsafe largest != Int(record(number).pointee.largestRun) else { return }
    unfile(number)
    unsafe record(number).pointee.largestRun = UInt32(largest)
    guard largest > 0 else { return }
    let head = buckets[largest]
    unsafe record(number).pointee.next = head
    unsafe record(number).pointee.previous = 0
    if head != 0 { unsafe record(head).pointee.previous = number }
    buckets[largest] = number
    occupied[largest / 64] |= 1 << UInt64(largest % 64)
  }

  /// Takes a record out of its bucket, if it is in one.
  private mutating func unfile(_ number: UInt32) {
    let largest = unsafe Int(record(number).pointee.largestRun)
    guard largest > 0 else { return }
    let (next, previous) = unsafe (record(number).pointee.next, record(number).pointee.previous)
    if next != 0 { unsafe record(next).pointee.previous = previous }
    if previous != 0 {
      unsafe record(previous).pointee.next = next
    } else {
      buckets[largest] = next
      if next == 0 { occupied[largest / 64] &= ~(1 << UInt64(largest % 64)) }
    }
    unsafe record(number).pointee.largestRun = 0
  }

  func link(_ slot: UInt32, in number: UInt32) {
    let head = unsafe record(number).pointee.firstSlot
    unsafe links[Int(slot)] = Links(next: head, previous: 0)
    if head != 0 { unsafe links[Int(head)].previous = slot }
    unsafe record(number).pointee.firstSlot = slot
  }

  func unlink(_ slot: UInt32, in number: UInt32) {
    let links = unsafe self.links[Int(slot)]
    if links.next != 0 { unsafe self.links[Int(links.next)].previous = links.previous }
    if links.previous != 0 {
      unsafe self.links[Int(links.previous)].next = links.next
    } else {
      unsafe record(number).pointee.firstSlot = links.next
    }
  }

  // MARK: Runs

  func mark(_ number: UInt32, _ units: Range<Int>, taken: Bool) {
    let words = unsafe bitmap(number)
    var unit = units.lowerBound
    while unit < units.upperBound {
      let count = min(64 - unit % 64, units.upperBound - unit)
      let mask = (count == 64 ? ~0 : (UInt64(1) << UInt64(count) - 1)) << UInt64(unit % 64)
      let before = unsafe words[unit / 64]
      precondition(before & mask == (taken ? 0 : mask), "a unit has one owner")
      unsafe words[unit / 64] = taken ? before | mask : before & ~mask
      unit += count
    }
  }

  /// The first unit of the smallest free run of at least `count` units, which exists.
  private func bestRun(in number: UInt32, atLeast count: Int) -> Int {
    var best: Range<Int>?
    forEachRun(in: number) { run in
      if run.count >= count, best.map({ run.count < $0.count }) ?? true { best = run }
    }
    guard let best else { preconditionFailure("a record's largest run is in its bitmap") }
    return best.lowerBound
  }

  func forEachRun(in number: UInt32, _ body: (Range<Int>) -> Void) {
    var unit = 0
    while true {
      let start = firstUnit(in: number, from: unit, taken: false)
      guard start < unitsPerBlock else { return }
      unit = firstUnit(in: number, from: start, taken: true)
      body(start..<unit)
    }
  }

  /// The free run that `units`, which are free, are part of.
  private func freeRun(in number: UInt32, around units: Range<Int>) -> Range<Int> {
    let words = unsafe bitmap(number)
    var start = units.lowerBound
    while start > 0 {
      let last = start - 1
      let bits = unsafe words[last / 64] << UInt64(63 - last % 64)
      if bits != 0 {
        start -= bits.leadingZeroBitCount
        break
      }
      start = last / 64 * 64
    }
    return start..<firstUnit(in: number, from: units.upperBound, taken: true)
  }

  /// The first taken or free unit from `start`, or `unitsPerBlock`.
  func firstUnit(in number: UInt32, from start: Int, taken: Bool) -> Int {
    var unit = start
    while unit < unitsPerBlock {
      let word = unsafe bitmap(number)[unit / 64]
      let bits = (taken ? word : ~word) >> UInt64(unit % 64)
      if bits != 0 { return min(unitsPerBlock, unit + bits.trailingZeroBitCount) }
      unit = (unit / 64 + 1) * 64
    }
    return unitsPerBlock
  }
}
