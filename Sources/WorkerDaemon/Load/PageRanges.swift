// The pages of a file cut into ranges, without a list of them.

/// Consecutive ranges of page indices that cover a file.
struct PageRanges: Sequence, Sendable {
  /// Pages of the file.
  let pageCount: UInt32
  /// Pages of a range; the last may have fewer.
  ///
  /// At least 1.
  let step: UInt32

  /// True for an empty file.
  var isEmpty: Bool { pageCount == 0 }

  /// Number of ranges.
  var count: Int { (Int(pageCount) + Int(step) - 1) / Int(step) }

  func makeIterator() -> AnyIterator<Range<UInt32>> {
    var first: UInt32 = 0
    return AnyIterator {
      guard first < pageCount else { return nil }
      let end = pageCount - first <= step ? pageCount : first + step
      defer { first = end }
      return first..<end
    }
  }
}
