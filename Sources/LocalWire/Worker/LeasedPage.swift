// LEASED: where each page lies, or why it does not.
//
//   0      4      8            12       14     15       16       24      28     32
//   | page | slot | generation | region | code | source | offset | bytes | zero |

/// One page of the answer to LEASE.
package struct LeasedPage: Sendable, Equatable {
  /// Bytes of an entry in the frame.
  package static let size = 32

  /// The page, 0-based.
  package let page: UInt32
  /// The lease.
  package let mark: LeaseMark
  /// The region that the offset is of; 0 is the window.
  package let region: UInt16
  /// Why there is no lease; nil when there is one.
  package let failure: LocalCode?
  /// Where the bytes came from.
  package let source: PageSource
  /// Where the bytes begin in the region, a multiple of 64.
  package let offset: UInt64
  /// How many there are.
  package let count: UInt32

  /// A lease on `count` bytes.
  package init(
    page: UInt32, mark: LeaseMark, region: UInt16, source: PageSource, offset: UInt64, count: UInt32
  ) {
    self.page = page
    self.mark = mark
    self.region = region
    failure = nil
    self.source = source
    self.offset = offset
    self.count = count
  }

  /// No lease.
  package init(page: UInt32, failure: LocalCode, source: PageSource = .memory) {
    self.page = page
    mark = LeaseMark(slot: 0, generation: 0)
    region = 0
    self.failure = failure
    self.source = source
    offset = 0
    count = 0
  }

  private init(_ reader: inout FrameReader) throws(LocalWireError) {
    page = try reader.word32("page")
    mark = LeaseMark(
      slot: try reader.word32("slot"), generation: try reader.word32("generation"))
    region = try reader.word16("region")
    let code = try reader.word8("code")
    failure = LocalCode(rawValue: code)
    guard code == 0 || failure != nil else { throw LocalWireError(.value, "code") }
    guard let source = PageSource(rawValue: UInt32(try reader.word8("source"))) else {
      throw LocalWireError(.value, "source")
    }
    self.source = source
    offset = try reader.word64("offset")
    count = try reader.word32("bytes")
    try reader.zero32("reserved")
    if failure == nil {
      guard mark.generation != 0 else { throw LocalWireError(.value, "generation") }
      guard offset % 64 == 0, offset <= 1 << 46 else { throw LocalWireError(.value, "offset") }
      guard count > 0 else { throw LocalWireError(.value, "bytes") }
    } else {
      let isNothing =
        mark.slot == 0 && mark.generation == 0 && region == 0 && offset == 0 && count == 0
      guard isNothing else { throw LocalWireError(.reserved, "code") }
    }
  }

  /// The entries of a LEASED, and how many are still to come.
  static func list(
    _ reader: inout FrameReader
  ) throws(LocalWireError) -> (pages: [LeasedPage], left: UInt32) {
    let count = try reader.count("number", max: LeaseFrame.pageCountMax)
    let left = try reader.count("number left", max: LeaseFrame.pageCountMax)
    guard reader.remaining == count * size else { throw LocalWireError(.length, "number") }
    var pages: [LeasedPage] = []
    pages.reserveCapacity(count)
    for _ in 0..<count { pages.append(try LeasedPage(&reader)) }
    return (pages, UInt32(left))
  }

  /// Writes a LEASED's payload.
  static func write(_ pages: [LeasedPage], left: UInt32, to writer: inout FrameWriter) {
    writer.word32(UInt32(clamping: pages.count))
    writer.word32(left)
    for page in pages {
      writer.word32(page.page)
      writer.word32(page.mark.slot)
      writer.word32(page.mark.generation)
      writer.word16(page.region)
      writer.word8(page.failure?.rawValue ?? 0)
      writer.word8(UInt8(truncatingIfNeeded: page.source.rawValue))
      writer.word64(page.offset)
      writer.word32(page.count)
      writer.word32(0)
    }
  }
}
