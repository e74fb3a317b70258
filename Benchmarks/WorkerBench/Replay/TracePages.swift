// A trace as accesses to pages, and pages as small as a store takes them.
//
// Which page leaves depends on how many fit, not on how many bytes each has: a page of `pageSize` bytes is replayed as one
// of 64 KiB, and all others and the capacity are scaled alike, in units of 4 KiB. So a cache of terabytes fits a laptop.

/// The accesses to pages that a trace comes to.
struct TracePages {
  /// Bytes of a full page as replayed.
  static let replayedPageSize = 64 << 10
  /// Bytes of a unit, of which a replayed page has 1 to 16.
  static let unitSize = 4096
  /// Units of a full page.
  static let unitsPerPage = replayedPageSize / unitSize

  /// A page of a file.
  struct Page {
    /// Index of the file in the trace.
    let file: Int
    /// 0-based index of the page in the file.
    let index: UInt32
    /// Units it takes, 1 to 16.
    let units: Int
  }

  /// One page that a request reads, and how many bytes of it.
  struct Access {
    /// Index in `pages`.
    let page: Int
    /// Bytes of it that the request asks for.
    let bytes: Int
  }

  /// Every page that is read.
  private(set) var pages: [Page] = []
  /// The reads of pages, in order.
  private(set) var accesses: [Access] = []
  /// The accesses of each request.
  private(set) var requests: [Range<Int>] = []

  /// Most pages that a trace may read in all.
  private static let accessCountMax = 1 << 28

  /// The pages of `pageSize` bytes that `trace` reads; nil when one request alone has too many.
  init?(_ trace: Trace, pageSize: Int) {
    precondition(pageSize >= TracePages.unitSize, "a page has a unit")
    var numbers: [UInt64: Int] = [:]
    for request in trace.requests {
      let first = request.offset / pageSize
      let last = (request.offset + request.length - 1) / pageSize
      guard last <= Int(UInt32.max), last - first < TracePages.accessCountMax - accesses.count
      else { return nil }
      let start = accesses.count
      for index in first...last {
        let key = UInt64(request.file) << 32 | UInt64(index)
        let number = numbers[key] ?? pages.count
        if number == pages.count {
          numbers[key] = number
          let length = min(pageSize, trace.lengths[request.file] - index * pageSize)
          let units = (length * TracePages.unitsPerPage + pageSize - 1) / pageSize
          pages.append(Page(file: request.file, index: UInt32(index), units: max(1, units)))
        }
        let begin = max(request.offset, index * pageSize)
        let end = min(request.offset + request.length, (index + 1) * pageSize)
        accesses.append(Access(page: number, bytes: end - begin))
      }
      requests.append(start..<accesses.count)
    }
  }

  /// Units of all pages together.
  var unitCount: Int { pages.reduce(0) { $0 + $1.units } }
}
