// Several reads at once, and what will be read soon.

/// One read of a batch.
@safe public struct ReadRange: @unchecked Sendable {
  // SAFETY: whoever makes it keeps the memory until the batch is done.
  /// Where the bytes go.
  public let target: UnsafeMutableRawBufferPointer
  /// Where they lie in the file.
  public let offset: Int

  /// A read of `target.count` bytes at `offset`.
  public init(into target: UnsafeMutableRawBufferPointer, at offset: Int) {
    unsafe self.target = unsafe target
    self.offset = offset
  }
}

extension ClientFile {
  /// Reads all of `ranges`; pages that are not leased yet are asked for together.
  ///
  /// The outcomes are in the order of the ranges. Nothing is counted as read when one of them fails.
  public func readMany(_ ranges: [ReadRange]) throws(ClientError) -> [ReadOutcome] {
    for range in ranges { _ = unsafe try count(range.target.count, at: range.offset) }
    try onWay { (way) throws(ClientError) in
      guard case .local(let file) = way, client.options.isLeasing else { return }
      try file.lease(pages(of: ranges, file))
    }
    var outcomes: [ReadOutcome] = []
    outcomes.reserveCapacity(ranges.count)
    for range in ranges {
      unsafe outcomes.append(try read(into: unsafe range.target, at: range.offset))
    }
    return outcomes
  }

  /// The pages of `ranges`, joined where they touch.
  private func pages(of ranges: [ReadRange], _ file: LocalFile) -> [Range<UInt32>] {
    var all: [Range<UInt32>] = []
    for range in ranges.sorted(by: { $0.offset < $1.offset }) {
      let count = unsafe range.offset < length ? min(range.target.count, length - range.offset) : 0
      guard count > 0 else { continue }
      let next = file.page(at: range.offset)..<file.page(at: range.offset + count - 1) + 1
      if let last = all.last, next.lowerBound <= last.upperBound {
        all[all.count - 1] = last.lowerBound..<max(last.upperBound, next.upperBound)
      } else {
        all.append(next)
      }
    }
    return all
  }

  /// Gets `count` bytes at `offset` ready: on the short circuit their pages are leased, elsewhere nothing happens.
  public func readAhead(_ count: Int, at offset: Int) throws(ClientError) {
    let count = try self.count(count, at: offset)
    guard count > 0 else { return }
    try onWay { (way) throws(ClientError) in
      guard case .local(let file) = way, client.options.isLeasing else { return }
      try file.lease([file.page(at: offset)..<file.page(at: offset + count - 1) + 1])
    }
  }
}
