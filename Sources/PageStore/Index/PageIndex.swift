// The page index: 256 stripes, found by the top byte of a page's hash.
//
//   hash = mix(file key, page index, seed)     63…56 stripe     31…0 bucket
//   slot = number × 256 + stripe               a page's 32-bit name wherever the stripe is not known
//
// The stripes' entries and buckets are interleaved: stripes fill evenly, so the memory in use is dense from the start and
// can lie in huge pages, without which a look-up among a million pages spends half its time on address translation.
//
// Cost of a page: an entry of 56 bytes, a bucket of 4 and two bits of its block; a page smaller than a block, 8 of links instead.

import Glibc
import Model
import Synchronization

/// All stripes and their memory.
@safe struct PageIndex: ~Copyable, @unchecked Sendable {
  /// Number of stripes.
  static let stripeCount = 256

  /// Entries a stripe may have, number 0 included, which is never used.
  let slotsPerStripe: Int
  /// Copies it was made for.
  let pageCountMax: Int
  let seed: UInt64
  private let entryRegion: FlatRegion
  private let bucketRegion: FlatRegion
  // SAFETY: constants; the states are guarded by their own mutexes.
  private let states: UnsafeMutableRawPointer
  private let oldestStamps: UnsafeMutablePointer<Atomic<UInt64>>
  private let lanePages: UnsafeMutablePointer<Atomic<Int>>
  private let lanes: UnsafeMutablePointer<IndexStripe.Lane>
  private let entries: UnsafeMutablePointer<PageEntry>
  /// Lanes of all tiers and priorities.
  let laneCount: Int

  /// An index for at most `pageCountMax` copies of pages in `laneCount` lanes.
  ///
  /// - Throws: `memoryUnavailable`.
  init(pageCountMax: Int, laneCount: Int, seed: UInt64) throws(PageStoreError) {
    precondition(MemoryLayout<PageEntry>.stride == 56, "an entry is 56 bytes")
    precondition(laneCount < Int(PageEntry.noLane), "lane numbers fit a byte")
    precondition(MemoryLayout<IndexStripe.State>.size <= IndexStripe.stride, "a state fits")
    let slots = PageIndex.slotCount(pageCountMax: pageCountMax)
    let slotsPerStripe = slots / PageIndex.stripeCount
    self.pageCountMax = pageCountMax
    let entryRegion = try FlatRegion(
      byteCount: slots * MemoryLayout<PageEntry>.stride, isDense: true)
    let bucketRegion = try FlatRegion(
      byteCount: slots * MemoryLayout<UInt32>.stride, isDense: true)
    self.seed = seed
    self.slotsPerStripe = slotsPerStripe
    self.entryRegion = entryRegion
    self.bucketRegion = bucketRegion
    unsafe entries = self.entryRegion.array(of: PageEntry.self)
    self.laneCount = laneCount
    unsafe oldestStamps = .allocate(capacity: laneCount * PageIndex.stripeCount)
    unsafe lanePages = .allocate(capacity: laneCount)
    unsafe lanes = .allocate(capacity: laneCount * PageIndex.stripeCount)
    for number in 0..<laneCount { unsafe (lanePages + number).initialize(to: Atomic(0)) }
    for number in 0..<laneCount * PageIndex.stripeCount {
      unsafe (oldestStamps + number).initialize(to: Atomic(IndexStripe.noStamp))
      unsafe (lanes + number).initialize(to: IndexStripe.Lane())
    }
    unsafe states = .allocate(
      byteCount: PageIndex.stripeCount * IndexStripe.stride, alignment: 128)
    for number in 0..<PageIndex.stripeCount {
      initializeStripe(number)
    }
  }

  deinit {
    for number in 0..<PageIndex.stripeCount {
      unsafe pthread_mutex_destroy(&stripe(number).state.pointee.mutex)
    }
    unsafe states.deallocate()
    unsafe oldestStamps.deallocate()
    unsafe lanePages.deallocate()
    unsafe lanes.deallocate()
  }

  /// Twice the mean, so that the luck of hashes does not refuse a page while there is room; only addresses are spent.
  static func slotCount(pageCountMax: Int) -> Int {
    // A slot's number and its stripe have 32 bits.
    min((1 << 24) - 256, (pageCountMax / stripeCount * 2 + 4096) & ~255) * stripeCount
  }

  /// Slots of all stripes.
  var slotCount: Int { slotsPerStripe * PageIndex.stripeCount }

  private func initializeStripe(_ number: Int) {
    let heads = unsafe bucketRegion.array(of: UInt32.self) + number
    unsafe stripe(number).state.initialize(
      to: IndexStripe.State(
        mutex: pthread_mutex_t(), entries: entries + number,
        lanes: lanes + number * laneCount, oldestStamps: oldestStamps + number,
        lanePages: lanePages,
        buckets: LinearBuckets(
          heads: heads, stride: PageIndex.stripeCount, capacity: UInt32(slotsPerStripe)),
        capacity: UInt32(slotsPerStripe), seed: seed))
    let rc = unsafe pthread_mutex_init(&stripe(number).state.pointee.mutex, nil)
    precondition(rc == 0, "a mutex is made")
  }

  // MARK: Hashing

  /// The hash of `key`.
  @inline(__always)
  func hash(_ key: PageKey) -> UInt64 {
    PageIndex.hash(key.file.high, key.file.low, key.index, seed: seed)
  }

  /// The hash of the key of `entry`.
  @inline(__always)
  static func hash(_ entry: UnsafeMutablePointer<PageEntry>, seed: UInt64) -> UInt64 {
    unsafe hash(entry.pointee.high, entry.pointee.low, entry.pointee.index, seed: seed)
  }

  @inline(__always)
  private static func hash(_ high: UInt64, _ low: UInt64, _ index: UInt32, seed: UInt64) -> UInt64 {
    // File keys are parts of SHA-256, but the index is not, and a seed keeps chosen keys from one bucket.
    var x = seed &+ high &* 0x9E37_79B9_7F4A_7C15
    x &+= low &* 0xC2B2_AE3D_27D4_EB4F
    x &+= UInt64(index) &* 0x1656_67B1_9E37_79F9
    x = (x ^ x >> 32) &* 0xD6E8_FEB8_6659_FD93
    x = (x ^ x >> 29) &* 0xFF51_AFD7_ED55_8CCD
    return x ^ x >> 32
  }

  // MARK: Stripes and slots

  /// The stripe with `number`.
  @inline(__always)
  func stripe(_ number: Int) -> IndexStripe {
    unsafe IndexStripe(
      state: (states + number * IndexStripe.stride)
        .assumingMemoryBound(to: IndexStripe.State.self))
  }

  /// The stripe of `hash`.
  @inline(__always)
  func stripe(of hash: UInt64) -> IndexStripe { stripe(Int(hash >> 56)) }

  /// The slot of `entry`.
  func slot(of entry: UnsafeMutablePointer<PageEntry>) -> UInt32 {
    unsafe UInt32(truncatingIfNeeded: entry - entries)
  }

  /// The entry at `slot`.
  func entry(at slot: UInt32) -> UnsafeMutablePointer<PageEntry> { unsafe entries + Int(slot) }

  /// The stripe that owns `entry`.
  func stripe(of entry: UnsafeMutablePointer<PageEntry>) -> IndexStripe {
    unsafe stripe((entry - entries) & (PageIndex.stripeCount - 1))
  }

  /// Pages of `lane` in all stripes, roughly.
  func pages(ofLane lane: Int) -> Int {
    unsafe lanePages[lane].load(ordering: .relaxed)
  }

  /// The stripe whose oldest page in `lane` was unused the longest at `now`, or nil when the lane is empty.
  ///
  /// The search starts at stripe `first`, so that equal ages take turns. Reads 2 KiB, no lock; about 0.1 µs.
  func oldestStripe(ofLane lane: Int, now: UInt64, from first: Int) -> Int? {
    // Rank 48 bits: stamps within half the clock's range of `now`, the oldest first; then the turn.
    let origin = now &- (AccessClock.mask >> 1)
    let stamps = unsafe oldestStamps + lane * PageIndex.stripeCount
    var best = SIMD4<UInt64>(repeating: .max)
    var position = 0
    while position < PageIndex.stripeCount {
      best = unsafe pointwiseMin(
        best,
        SIMD4(
          rank(stamps, position, origin, first), rank(stamps, position + 1, origin, first),
          rank(stamps, position + 2, origin, first), rank(stamps, position + 3, origin, first)))
      position += 4
    }
    let oldest = best.min()
    guard oldest != .max else { return nil }
    return (Int(truncatingIfNeeded: oldest) &+ first) & (PageIndex.stripeCount - 1)
  }

  @inline(__always)
  private func rank(
    _ stamps: UnsafeMutablePointer<Atomic<UInt64>>, _ number: Int, _ origin: UInt64, _ first: Int
  ) -> UInt64 {
    let stamp = unsafe stamps[number].load(ordering: .relaxed)
    let turn = UInt64(truncatingIfNeeded: number &- first) & UInt64(PageIndex.stripeCount - 1)
    let rank = ((stamp &- origin) & AccessClock.mask) << 8 | turn
    return stamp == IndexStripe.noStamp ? .max : rank
  }
}
