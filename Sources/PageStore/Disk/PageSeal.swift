// The checksum that ties a page's bytes to what they are and where they lie.
//
//   seed = crc32c(volume id ‖ file key ‖ page index ‖ length ‖ first unit ‖ 0)
//   root = crc32c(bytes), continuing from the seed, for a page without a trailer
//          crc32c(sums),  continuing from the seed, else
//
// So a page written or read at the wrong place, of another file, version, length or volume, does not match its root.

internal import CLinux
internal import Model

/// Computes the checksums of one page at one place.
struct PageSeal {
  private let seed: UInt32
  private let length: Int

  /// The seal of the page `key` of `length` bytes at `unit` of `volume`.
  init(volume: VolumeID, key: PageKey, length: Int, unit: UInt32) {
    let words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (
      volume.high.littleEndian, volume.low.littleEndian,
      key.file.high.littleEndian, key.file.low.littleEndian,
      (UInt64(key.index) | UInt64(UInt32(truncatingIfNeeded: length)) << 32).littleEndian,
      UInt64(unit).littleEndian
    )
    seed = unsafe withUnsafeBytes(of: words) { bytes in
      unsafe pen_crc32c(0, bytes.baseAddress, bytes.count)
    }
    self.length = length
  }

  /// The root for `bytes`: the whole page, or the sums of its trailer.
  func root(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    unsafe pen_crc32c(seed, bytes.baseAddress, bytes.count)
  }

  /// The sums of the units of `page`, for a page that has a trailer wherever it will lie; none for others.
  static func sums(of page: UnsafeRawBufferPointer) -> [UInt32] {
    guard DiskLayout.trailer(page.count) != nil else { return [] }
    let count = DiskLayout.units(page.count)
    return unsafe [UInt32](unsafeUninitializedCapacity: count) { sums, filled in
      unsafe pen_crc32c_units(page.baseAddress, page.count, sums.baseAddress)
      filled = count
    }
  }

  /// Writes the sum of each unit of `page` to `sums`, those that are `known` or computed now, and returns the root.
  func seal(
    _ page: UnsafeRawBufferPointer, known: [UInt32], sums: UnsafeMutableRawBufferPointer
  ) -> UInt32 {
    precondition(page.count == length, "a page is sealed whole")
    precondition(sums.count == DiskLayout.units(length) * 4, "each unit has a sum")
    if known.isEmpty {
      unsafe pen_crc32c_units(
        page.baseAddress, page.count, sums.baseAddress?.assumingMemoryBound(to: UInt32.self))
    } else {
      precondition(known.count * 4 == sums.count, "each unit has a known sum")
      unsafe known.withUnsafeBytes { unsafe sums.copyMemory(from: $0) }
    }
    return unsafe root(of: UnsafeRawBufferPointer(sums))
  }

  /// True when `bytes`, whole units of the page from unit `first` but for the page's end, match their sums.
  static func matches(
    _ bytes: UnsafeRawBufferPointer, from first: Int, sums: UnsafeRawBufferPointer
  ) -> Bool {
    let count = DiskLayout.units(bytes.count)
    precondition(sums.count / 4 >= first + count, "each unit has a sum")
    return unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: max(1, count)) { found in
      unsafe pen_crc32c_units(bytes.baseAddress, bytes.count, found.baseAddress)
      return (0..<count).allSatisfy {
        unsafe found[$0] == sums.loadUnaligned(fromByteOffset: (first + $0) * 4, as: UInt32.self)
      }
    }
  }
}
