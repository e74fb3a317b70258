// One page in the index: 48 bytes in a flat array.
//
//    0 +------------------------------+
//      | file key, high               |
//    8 | file key, low                |
//   16 | PageWord (atomic)            |
//   24 | page index   | first unit    |     first unit: place of the page, in 4 KiB units of the store
//   32 | S  | chain   | T  | older    |     24-bit entry numbers inside the stripe; S, T: bits 32–47 of the stamp
//   40 | newer        | stamp 0–31    |
//   48 +------------------------------+
//
// While a page is filling it is in no LRU list, and `older` and `newer` hold the address of its FillRecord instead.

import Synchronization

/// A page's key, place, state, chain and LRU links; everything but `word` is guarded by the stripe's lock.
@safe struct PageEntry: ~Copyable {
  /// A unit that no page has: the page has no place yet.
  static let noUnit = UInt32.max
  private static let localMask: UInt32 = 1 << 24 - 1

  var high: UInt64
  var low: UInt64
  let word: Atomic<UInt64>
  var index: UInt32
  var unit: UInt32
  private var chainAndStamp: UInt32
  private var olderAndStamp: UInt32
  var newer: UInt32
  private var stampLow: UInt32

  /// The next entry of the hash chain, 0 at its end.
  var chain: UInt32 {
    get { chainAndStamp & PageEntry.localMask }
    set { chainAndStamp = chainAndStamp & ~PageEntry.localMask | newValue }
  }

  /// The next older entry of the LRU list, 0 at its end.
  var older: UInt32 {
    get { olderAndStamp & PageEntry.localMask }
    set { olderAndStamp = olderAndStamp & ~PageEntry.localMask | newValue }
  }

  /// When the page was last used, in the clock's 48-bit ticks.
  var stamp: UInt64 {
    get {
      UInt64(stampLow) | UInt64(chainAndStamp >> 24) << 32 | UInt64(olderAndStamp >> 24) << 40
    }
    set {
      stampLow = UInt32(truncatingIfNeeded: newValue)
      let high = UInt32(truncatingIfNeeded: newValue >> 32)
      chainAndStamp = chainAndStamp & PageEntry.localMask | high << 24
      olderAndStamp = olderAndStamp & PageEntry.localMask | (high >> 8) << 24
    }
  }

  /// The address kept while the page is filling.
  var recordBits: UInt64 {
    get { UInt64(newer) | UInt64(olderAndStamp) << 32 }
    set {
      newer = UInt32(truncatingIfNeeded: newValue)
      olderAndStamp = UInt32(truncatingIfNeeded: newValue >> 32)
    }
  }

  /// The word as it is now.
  @inline(__always)
  var current: PageWord { PageWord(raw: word.load(ordering: .relaxed)) }
}
