// What a cache could have had that knew the future: Belady's MIN on pages, with the right not to keep a page.
//
// Of the resident pages and the one that comes, those leave (or never enter) whose next use is farthest away. For pages of
// one size no cache has more page hits. Two approximations: with pages of several sizes (the last ones of files) the best
// choice is NP-hard and this one may be a little below it; and what is best for page hits need not be best for bytes or
// whole requests, when requests read parts of pages.

/// Replays a trace with knowledge of what comes.
struct OfflineOptimum {
  private let trace: TracePages
  /// For each access the position of the next one to its page; `Int.max` after the last.
  private let nextUse: [Int]
  /// For each page in the cache the position of its next use; -1 for the others.
  private var cached: [Int]
  private var queue = FarthestFirst()
  private var freeUnits: Int
  private var evictions = 0

  /// The hits of a cache of `unitCount` units.
  static func hits(_ trace: TracePages, unitCount: Int) -> HitCount {
    var optimum = OfflineOptimum(trace, unitCount: unitCount)
    var count = HitCount(trace) { optimum.access($0) }
    count.evictions = optimum.evictions
    return count
  }

  private init(_ trace: TracePages, unitCount: Int) {
    self.trace = trace
    var next = [Int](repeating: .max, count: trace.accesses.count)
    var later = [Int](repeating: .max, count: trace.pages.count)
    for position in trace.accesses.indices.reversed() {
      let page = trace.accesses[position].page
      next[position] = later[page]
      later[page] = position
    }
    nextUse = next
    cached = [Int](repeating: -1, count: trace.pages.count)
    freeUnits = unitCount
  }

  /// Reads the page of the access at `position`; true when it was there.
  private mutating func access(_ position: Int) -> Bool {
    let page = trace.accesses[position].page
    let isHit = cached[page] >= 0
    if !isHit { freeUnits -= trace.pages[page].units }
    cached[page] = nextUse[position]
    queue.push(FarthestFirst.Use(position: nextUse[position], page: page))
    while freeUnits < 0, let farthest = queue.pop() {
      // A use that was overtaken by a later access to the page no longer counts.
      guard cached[farthest.page] == farthest.position else { continue }
      cached[farthest.page] = -1
      freeUnits += trace.pages[farthest.page].units
      if farthest.page != page { evictions += 1 }
    }
    return isHit
  }
}

/// A heap of next uses, the farthest on top.
struct FarthestFirst {
  /// The position at which a page is used next.
  struct Use: Equatable {
    let position: Int
    let page: Int
  }

  private var heap: [Use] = []

  /// Adds a use.
  ///
  /// O(log n).
  mutating func push(_ use: Use) {
    heap.append(use)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[parent].position < heap[child].position else { return }
      heap.swapAt(parent, child)
      child = parent
    }
  }

  /// Takes the farthest use; nil when there is none.
  ///
  /// O(log n).
  mutating func pop() -> Use? {
    guard let last = heap.popLast() else { return nil }
    guard let top = heap.first else { return last }
    heap[0] = last
    var parent = 0
    while true {
      var child = parent * 2 + 1
      guard child < heap.count else { return top }
      if child + 1 < heap.count, heap[child].position < heap[child + 1].position { child += 1 }
      guard heap[parent].position < heap[child].position else { return top }
      heap.swapAt(parent, child)
      parent = child
    }
  }
}
