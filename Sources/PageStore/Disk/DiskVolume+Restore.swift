// Taking over the pages of an earlier life from the log.
//
// Records come in the order of units. Runs do not cross blocks, so the records of one block are settled together: from
// the newest to the oldest, a record is kept when no newer one claims a unit of its run.

internal import Model

extension DiskVolume {
  /// What `restore` found.
  package struct Restoration: Sendable, Equatable {
    /// Pages taken over.
    package var pages = 0
    /// Records that were dropped: refused, beyond the volume's end, or overwritten by a newer page.
    package var dropped = 0
    /// Why the log could not be read to its end; the pages not yet read are given up then.
    package var failure: PageStoreError?
  }

  /// Offers every page of the log to `body`, which returns the slot it is in from now on, or nil to refuse it; blocks.
  ///
  /// Called once, before anything is taken. Records that are refused or make no sense are removed from the log. The store
  /// may use, and give back, a page as soon as `body` has returned. Afterwards the volume is ready.
  @discardableResult
  package func restore(_ body: (StoredPage) -> UInt32?) -> Restoration {
    var result = Restoration()
    var (last, group) = (UInt64(0), [StoredPage]())
    var dropped: [UInt32] = []
    var covered = [Bool](repeating: false, count: layout.unitsPerBlock)
    func settle() {
      if group.count > 1 { keepSurvivors(&group, &covered, dropped: &dropped) }
      for page in group {
        if adopt(page, body) { result.pages += 1 } else { dropped.append(page.unit) }
      }
      group.removeAll(keepingCapacity: true)
    }
    do {
      try log.restore { page in
        guard isPlausible(page) else { return dropped.append(page.unit) }
        last = max(last, page.sequence)
        if let first = group.first, block(of: first) != block(of: page) { settle() }
        group.append(page)
      } quarantined: { unit, count in
        _ = adoptQuarantined(unit, count)
      }
    } catch {
      result.failure = error
    }
    settle()
    dropped.forEach { log.remove(unit: $0) }
    result.dropped = dropped.count
    open(after: last)
    return result
  }

  private func block(of page: StoredPage) -> Int { Int(page.unit) / layout.unitsPerBlock }

  /// True when the record's run is one that this volume could have given.
  private func isPlausible(_ page: StoredPage) -> Bool {
    // Nobody writes 2⁶³ pages; a number near the end would leave none for those to come.
    guard page.length > 0, page.length <= layout.pageSize, page.sequence < 1 << 63 else {
      return false
    }
    let count = unitCount(page.length)
    return Int(page.unit) % layout.unitsPerBlock + count <= layout.unitsPerBlock
      && Int(page.unit) + count <= Int(restorableUnits)
  }

  /// Leaves in `group` the pages of one block that no newer page overlaps, by unit; the others go to `dropped`.
  private func keepSurvivors(
    _ group: inout [StoredPage], _ covered: inout [Bool], dropped: inout [UInt32]
  ) {
    for index in covered.indices { covered[index] = false }
    group.sort { $0.sequence > $1.sequence }
    group.removeAll { page in
      let start = Int(page.unit) % layout.unitsPerBlock
      let run = start..<start + unitCount(page.length)
      let isOverwritten = run.contains { covered[$0] }
      if isOverwritten { dropped.append(page.unit) }
      // A page that is dropped overwrote what is older all the same.
      for unit in run { covered[unit] = true }
      return isOverwritten
    }
    group.sort { $0.unit < $1.unit }
  }
}
