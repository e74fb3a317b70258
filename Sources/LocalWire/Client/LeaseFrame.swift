// LEASE: pages of an open file are to be placed in memory that the client maps.

/// A wish for leases on pages.
package struct LeaseFrame: Sendable, Equatable {
  /// Most pages of one wish.
  package static let pageCountMax = 1024

  /// The file.
  package let handle: UInt32
  /// Whether the bytes are to lie in the window, even for a client that shares the arenas.
  package let isIntoWindow: Bool
  /// Whether pages that are not cached are left out.
  package let isCachedOnly: Bool
  /// The pages, in the order in which they will be answered; none is empty.
  package let ranges: [Range<UInt32>]

  /// A wish of its parts; `ranges` that are empty are left out.
  package init(
    handle: UInt32, ranges: [Range<UInt32>], isIntoWindow: Bool = false, isCachedOnly: Bool = false
  ) {
    self.handle = handle
    self.ranges = ranges.filter { !$0.isEmpty }
    self.isIntoWindow = isIntoWindow
    self.isCachedOnly = isCachedOnly
  }

  /// Pages wished for.
  package var pageCount: Int { ranges.reduce(0) { $0 + $1.count } }

  init(_ reader: inout FrameReader) throws(LocalWireError) {
    handle = try reader.word32("handle")
    let flags = try reader.flags("flags", known: 3)
    isIntoWindow = flags & 1 != 0
    isCachedOnly = flags & 2 != 0
    let count = try reader.count("number of ranges", max: LeaseFrame.pageCountMax)
    guard reader.remaining == count * 8 else { throw LocalWireError(.length, "number of ranges") }
    var ranges: [Range<UInt32>] = []
    ranges.reserveCapacity(count)
    var total = 0
    for _ in 0..<count {
      let first = try reader.word32("first page")
      let pages = try reader.word32("count")
      let (end, isPast) = first.addingReportingOverflow(pages)
      guard pages > 0, !isPast else { throw LocalWireError(.value, "count") }
      total += Int(pages)
      guard total <= LeaseFrame.pageCountMax else { throw LocalWireError(.tooMany, "count") }
      ranges.append(first..<end)
    }
    guard total > 0 else { throw LocalWireError(.value, "number of ranges") }
    self.ranges = ranges
  }

  func write(to writer: inout FrameWriter) {
    writer.word32(handle)
    writer.word32((isIntoWindow ? 1 : 0) | (isCachedOnly ? 2 : 0))
    writer.word32(UInt32(clamping: ranges.count))
    for range in ranges {
      writer.word32(range.lowerBound)
      writer.word32(UInt32(clamping: range.count))
    }
  }
}
