// What a cache had of what a trace asked for.

/// Hits by request, byte and page.
struct HitCount: Equatable {
  /// Requests, and those of which every page was there.
  var requests = 0
  var requestHits = 0
  /// Bytes, and those of pages that were there.
  var bytes = 0
  var byteHits = 0
  /// Reads of pages, and those that found theirs.
  var pages = 0
  var pageHits = 0
  /// Pages that left for others.
  var evictions = 0

  /// The count of a replay in which `hit` says for each access, in order, whether its page was there.
  init(_ trace: TracePages, hit: (Int) throws -> Bool) rethrows {
    for range in trace.requests {
      var isWhole = true
      for position in range {
        let bytes = trace.accesses[position].bytes
        let isHit = try hit(position)
        self.bytes += bytes
        pages += 1
        if isHit {
          byteHits += bytes
          pageHits += 1
        } else {
          isWhole = false
        }
      }
      requests += 1
      requestHits += isWhole ? 1 : 0
    }
  }

  /// Shares of the whole, 0 to 1.
  var requestRatio: Double { HitCount.ratio(requestHits, requests) }
  var byteRatio: Double { HitCount.ratio(byteHits, bytes) }
  var pageRatio: Double { HitCount.ratio(pageHits, pages) }

  private static func ratio(_ part: Int, _ whole: Int) -> Double {
    whole > 0 ? Double(part) / Double(whole) : 0
  }
}
