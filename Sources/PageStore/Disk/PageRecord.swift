// Keys and values of the page log; docs/formats/volume.md has every byte. Any bytes may be given to be read.
//
//   key    00                        value  u8 version, u64 u64 volume id               whose log it is
//          00 00                            u8 version                                  closed after its last change
//          01 unit (big-endian u32)         u8 version, u24 units                       a bad run
//          02 unit (big-endian u32)         u8 version, u24 length - 1, u32 page index, a page
//                                           u64 u64 file key, u64 sequence, u32 root, u32 filled at
//
// Values are little-endian. Keys sort: first the owner, then bad runs, then pages, each by unit.

internal import Model

/// The bytes of the log's records.
enum PageRecord {
  /// The version of each value.
  static let version: UInt8 = 1
  static let ownerTag: UInt8 = 0
  static let badTag: UInt8 = 1
  static let pageTag: UInt8 = 2
  static let keySize = 5
  static let ownerSize = 17
  static let badSize = 4
  static let pageSize = 40

  /// What a record says.
  enum Content: Equatable {
    case owner(VolumeID)
    case closed
    case bad(unit: UInt32, count: Int)
    case page(StoredPage)
    case unknown
  }

  /// The bytes of a key with a unit.
  static func key(_ tag: UInt8, _ unit: UInt32) -> (UInt8, UInt8, UInt8, UInt8, UInt8) {
    (
      tag, UInt8(truncatingIfNeeded: unit >> 24), UInt8(truncatingIfNeeded: unit >> 16),
      UInt8(truncatingIfNeeded: unit >> 8), UInt8(truncatingIfNeeded: unit)
    )
  }

  /// The words of a page's value, in memory as on disk.
  static func value(_ page: StoredPage) -> (UInt64, UInt64, UInt64, UInt64, UInt64) {
    let length = UInt64(UInt32(truncatingIfNeeded: page.length &- 1) & 0xFF_FFFF)
    let head = UInt64(version) | length << 8 | UInt64(page.key.index) << 32
    return (
      head.littleEndian, page.key.file.high.littleEndian, page.key.file.low.littleEndian,
      page.sequence.littleEndian, (UInt64(page.root) | UInt64(page.filledAt) << 32).littleEndian
    )
  }

  /// Reads a record.
  @inline(__always)
  static func read(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> Content {
    guard key.count > 0, value.count > 0, unsafe value[0] == version else { return .unknown }
    let tag = unsafe key[0]
    if tag == ownerTag, key.count == 1, value.count == ownerSize {
      return unsafe .owner(VolumeID(high: word(value, 1), low: word(value, 9)))
    }
    if tag == ownerTag, key.count == 2, unsafe key[1] == 0, value.count == 1 { return .closed }
    guard key.count == keySize else { return .unknown }
    let unit = UInt32(bigEndian: unsafe key.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
    if tag == badTag, value.count == badSize {
      let head = unsafe UInt32(littleEndian: value.loadUnaligned(as: UInt32.self))
      return .bad(unit: unit, count: Int(head >> 8))
    }
    guard tag == pageTag, value.count == pageSize else { return .unknown }
    let head = unsafe word(value, 0)
    let tail = unsafe word(value, 32)
    let file = unsafe FileKey(high: word(value, 8), low: word(value, 16))
    return unsafe .page(
      StoredPage(
        unit: unit, key: PageKey(file: file, index: UInt32(truncatingIfNeeded: head >> 32)),
        length: Int(head >> 8 & 0xFF_FFFF) + 1, root: UInt32(truncatingIfNeeded: tail),
        sequence: word(value, 24), filledAt: UInt32(truncatingIfNeeded: tail >> 32)))
  }

  @inline(__always)
  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
}
