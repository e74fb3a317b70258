// One copy of a page in the index: 56 bytes in a flat array.
//
//    0 +------------------------------+
//      | file key, high               |
//    8 | file key, low                |
//   16 | PageWord (atomic)            |
//   24 | page index   | first unit    |     first unit: place of the copy, in 4 KiB units of its volume
//   32 | S  | chain   | T  | older    |     24-bit entry numbers inside the stripe; S, T: bits 32–47 of the stamp
//   40 | newer        | stamp 0–31    |
//   48 | aux          |vol|heat|ln|fl |     aux: root checksum on disk; in memory the slot of the copy behind
//   56 +------------------------------+
//
// While a page is filling it is in no lane, and `older` and `newer` hold the address of its FillRecord instead.

import Model
import Synchronization

/// What a copy is besides what its word says.
struct EntryFlags: OptionSet {
  var rawValue: UInt8

  /// On disk, behind a copy in memory: not in the hash table.
  static let behind = EntryFlags(rawValue: 1)
  /// In memory, with no copy below yet, and one is due: not in a lane.
  static let unsaved = EntryFlags(rawValue: 2)
  /// On disk, with bytes that are not right: its run is not to be used again.
  static let bad = EntryFlags(rawValue: 2)
  /// Its checksum was seen to match since it was written or adopted.
  static let verified = EntryFlags(rawValue: 4)
  /// Its file is pinned: not in a lane.
  static let pinned = EntryFlags(rawValue: 8)
  /// Being copied from another copy: not in the hash table, no record of waiters.
  static let moving = EntryFlags(rawValue: 16)
  /// On disk, resident, entered at a start after a crash and not seen to match since: it may be wrong on a good disk.
  static let adopted = EntryFlags(rawValue: 16)
  /// A promotion of it is queued.
  static let promoting = EntryFlags(rawValue: 32)
  private static let priorityShift: UInt8 = 6

  /// Who leaves before whom, in the top two bits.
  var priority: CachePriority {
    get { CachePriority(rawValue: rawValue >> Self.priorityShift) ?? .medium }
    set { rawValue = rawValue & 0x3f | newValue.rawValue << Self.priorityShift }
  }
}

/// A copy's key, place, state, chain and links; everything but `word` is guarded by the stripe's lock.
@safe struct PageEntry: ~Copyable {
  /// A unit that no page has: the page has no place yet.
  static let noUnit = UInt32.max
  /// The lane of an entry that is in none.
  static let noLane = UInt8.max
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
  /// Root checksum of a copy on disk; of a copy in memory the slot of the one behind it, 0 for none.
  var aux: UInt32
  /// The volume that has `unit`.
  var volume: UInt8
  /// What the policy remembers of the page's uses.
  var heat: UInt8
  /// The lane whose list the entry is in, or `noLane`.
  var lane: UInt8
  var flags: EntryFlags

  /// The file and its version.
  var file: FileKey { FileKey(high: high, low: low) }
  /// The page.
  var key: PageKey { PageKey(file: file, index: index) }

  /// The next entry of the hash chain, 0 at its end.
  var chain: UInt32 {
    get { chainAndStamp & PageEntry.localMask }
    set { chainAndStamp = chainAndStamp & ~PageEntry.localMask | newValue }
  }

  /// The next older entry of the lane, 0 at its end.
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
