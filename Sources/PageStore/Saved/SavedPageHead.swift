// The head of a page in a file of saved memory; docs/formats/saved-memory.md has every byte.
//
//    0  u32 magic        8  u64 file key, high     24  u32 page index     32  u32 root: CRC32C of the bytes before and
//    4  u32 length      16  u64 file key, low      28  u32 zero                   of the page that follows
//                                                                         36  zeros up to 64
//
// Little-endian. The file begins with a head whose magic is another, for which "length" is the page size and "page index" the
// number of pages that were to follow; it ends wherever the time to stop did.

internal import CLinux
import Glibc
internal import Model

/// 64 bytes before each saved page.
struct SavedPageHead: Equatable {
  static let size = 64
  static let fileMagic: UInt32 = 0x3156_5350
  static let pageMagic: UInt32 = 0x4547_4150
  private static let sealedSize = 32

  var magic: UInt32
  /// Bytes of the page; of the file's head the page size.
  var length: Int
  var key: PageKey

  /// The head's bytes, with the checksum of them and of `page`.
  func bytes(sealing page: UnsafeRawBufferPointer) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.size)
    unsafe bytes.withUnsafeMutableBytes { buffer in
      func put<T: FixedWidthInteger>(_ value: T, _ offset: Int) {
        unsafe buffer.storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
      }
      put(magic, 0)
      put(UInt32(clamping: length), 4)
      put(key.file.high, 8)
      put(key.file.low, 16)
      put(key.index, 24)
      unsafe put(Self.root(of: UnsafeRawBufferPointer(buffer), page), 32)
    }
    return bytes
  }

  /// The head that `bytes` are; nil when they are none.
  ///
  /// Any bytes may be given; whether the page matches is asked with `isRoot`.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.size else { return nil }
    func word<T: FixedWidthInteger>(_ offset: Int, as type: T.Type) -> T {
      unsafe T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
    }
    magic = word(0, as: UInt32.self)
    guard magic == Self.fileMagic || magic == Self.pageMagic else { return nil }
    length = Int(word(4, as: UInt32.self))
    key = PageKey(
      file: FileKey(high: word(8, as: UInt64.self), low: word(16, as: UInt64.self)),
      index: word(24, as: UInt32.self))
  }

  init(magic: UInt32, length: Int, key: PageKey) {
    (self.magic, self.length, self.key) = (magic, length, key)
  }

  /// Whether the root in `head` is that of it and of `page`.
  static func isRoot(in head: UnsafeRawBufferPointer, of page: UnsafeRawBufferPointer) -> Bool {
    guard head.count >= size else { return false }
    let found = unsafe UInt32(
      littleEndian: head.loadUnaligned(fromByteOffset: sealedSize, as: UInt32.self))
    return unsafe found == root(of: head, page)
  }

  private static func root(
    of head: UnsafeRawBufferPointer, _ page: UnsafeRawBufferPointer
  ) -> UInt32 {
    let seed = unsafe pen_crc32c(0, head.baseAddress, sealedSize)
    return unsafe pen_crc32c(seed, page.baseAddress, page.count)
  }
}
