// What must hold in a run allocator; for tests, O(blocks × units).

extension RunAllocator {
  /// What the allocator says of each block, to be compared with the pages that lie there.
  struct Summary {
    var freeBlocks = 0
    var fullBlocks = 0
    var mixedBlocks = 0
    /// Units taken in mixed blocks by their bitmaps.
    var mixedUnits = 0
    /// Sentences about what does not hold.
    var violations: [String] = []
  }

  /// Counts the blocks by kind and compares bitmaps, counts, buckets and lists.
  func summarize() -> Summary {
    var summary = Summary()
    for block in 0..<usableBlocks { inspect(block, &summary) }
    let total = summary.fullBlocks * unitsPerBlock + summary.mixedUnits
    if total != usedUnits {
      summary.violations.append("used units \(usedUnits) are not the \(total) in the blocks")
    }
    if usedUnits > blockCount * unitsPerBlock {
      summary.violations.append("used units \(usedUnits) exceed the quota")
    }
    return summary
  }
}

extension RunAllocator {
  private func inspect(_ block: Int, _ summary: inout Summary) {
    switch kind(of: UInt32(block)) {
    case .free: summary.freeBlocks += 1
    case .full: summary.fullBlocks += 1
    case .mixed:
      summary.mixedBlocks += 1
      inspectRecord(map.number(of: UInt32(block)), of: block, &summary)
    case .unusable: summary.violations.append("block \(block) is usable but has no kind")
    }
  }

  private func inspectRecord(_ number: UInt32, of block: Int, _ summary: inout Summary) {
    let record = unsafe record(number).pointee
    var (free, largest) = (0, 0)
    forEachRun(in: number) { run in
      free += run.count
      largest = max(largest, run.count)
    }
    summary.mixedUnits += unitsPerBlock - free
    if Int(record.block) != block {
      summary.violations.append("block \(block) has the record of block \(record.block)")
    }
    if free != Int(record.freeUnits) || free == unitsPerBlock {
      summary.violations.append("block \(block) has \(free) free units, not \(record.freeUnits)")
    }
    if largest != Int(record.largestRun) {
      summary.violations.append("block \(block) has a run of \(largest), not \(record.largestRun)")
    }
    if largest > 0, !isFiled(number, in: largest) {
      summary.violations.append("block \(block) is not in the bucket of \(largest)")
    }
  }

  private func isFiled(_ number: UInt32, in bucket: Int) -> Bool {
    var current = buckets[bucket]
    while current != 0, current != number { current = unsafe record(current).pointee.next }
    return current == number
  }
}
