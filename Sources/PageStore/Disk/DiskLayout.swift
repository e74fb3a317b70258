// Where the bytes and checksums of a page lie in its run; docs/formats/volume.md draws it.
//
//   ≤ 64 KiB           | bytes ………………………… |0 slack|                        one checksum, in the index
//   trailer in slack   | unit 0 | unit 1 | … | last bytes |0| sums |      4 bytes of sums for each unit
//   trailer behind     | unit 0 | unit 1 | … | last bytes          |0| sums |0|   in units of its own
//
// Pure arithmetic; no I/O.

/// The geometry of pages on disk volumes of one page size.
struct DiskLayout: Sendable, Equatable {
  /// Bytes of a unit: what one checksum covers and the smallest I/O.
  static let unitSize = RunAllocator.unitSize
  /// The longest page that has one checksum over all its bytes, and no trailer.
  static let plainLengthMax = 64 << 10
  /// A trailer at most so many bytes behind the bytes wanted is read along with them.
  static let gapMax = 4 * unitSize

  /// Bytes of a full page.
  let pageSize: Int
  /// Units of a block: a full page and its trailer.
  let unitsPerBlock: Int

  /// The geometry for pages of `pageSize` bytes, a power of two from 64 KiB to 16 MiB.
  init(pageSize: Int) {
    precondition(pageSize >= 64 << 10 && pageSize <= 16 << 20, "a page is 64 KiB to 16 MiB")
    precondition(pageSize & (pageSize - 1) == 0, "a page size is a power of two")
    self.pageSize = pageSize
    let units = pageSize / DiskLayout.unitSize
    unitsPerBlock = units + (pageSize > DiskLayout.plainLengthMax ? DiskLayout.units(units * 4) : 0)
  }

  /// Where a page's checksums lie, in bytes from the first byte of its run.
  struct Trailer: Equatable {
    /// The sums themselves.
    var sums: Range<Int>
    /// The whole units they lie in.
    var units: Range<Int> {
      let unit = DiskLayout.unitSize
      return sums.lowerBound / unit * unit..<(sums.upperBound + unit - 1) / unit * unit
    }
  }

  /// Units that `length` bytes take.
  static func units(_ length: Int) -> Int { (length + unitSize - 1) / unitSize }

  /// The trailer of a page of `length` bytes; nil when it has none.
  static func trailer(_ length: Int) -> Trailer? {
    guard length > plainLengthMax else { return nil }
    let end = units(length) * unitSize
    let size = units(length) * 4
    if end - length >= size { return Trailer(sums: end - size..<end) }
    return Trailer(sums: end..<end + size)
  }

  /// Units of the run of a page of `length` bytes, trailer included.
  static func unitCount(_ length: Int) -> Int {
    let data = units(length)
    guard let trailer = trailer(length) else { return data }
    return max(data, trailer.units.upperBound / unitSize)
  }

  /// Bytes of a buffer that is enough for any read of a page.
  static func bufferSize(pageSize: Int) -> Int {
    DiskLayout(pageSize: pageSize).unitsPerBlock * unitSize
  }
}
