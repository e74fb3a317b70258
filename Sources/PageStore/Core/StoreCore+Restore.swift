// Start: pages that lay on disk are entered in the index as they were, to be trusted when their checksums match.

import Model
import Synchronization

extension StoreCore {
  /// Enters every page that the disk at `position` remembers; blocks.
  func restore(_ position: Int) -> DiskVolume.Restoration {
    let restoration = disks[position].restore { adopt($0, volume: memoryCount + position) }
    // They came in the order of their places: put them in the order in which they were written.
    sortLanes(ofTier: tierOfVolume[memoryCount + position])
    return restoration
  }

  /// Enters one page; returns its slot, nil when it cannot be kept.
  private func adopt(_ page: StoredPage, volume: Int) -> UInt32? {
    guard page.length > 0, page.length <= pageSize else { return nil }
    let hash = index.hash(page.key)
    let stripe = index.stripe(of: hash)
    stripe.lock()
    defer { stripe.unlock() }
    // Filled again meanwhile, or on another disk too: the one that is there stays.
    guard unsafe stripe.find(page.key, hash) == nil, let entry = unsafe stripe.take() else {
      return nil
    }
    guard let traits = files.beginFill(page.key.file, index: page.key.index, traits: nil) else {
      unsafe stripe.giveBack(entry)
      return nil
    }
    files.endFill(page.key.file, length: page.length)
    unsafe fillIn(entry, page, volume: volume, traits)
    unsafe stripe.insert(entry, hash)
    unsafe stripe.state.pointee.counters.resident += 1
    unsafe stripe.state.pointee.counters.residentBytes += Int64(page.length)
    tasks.copies.add(1, to: volume)
    unsafe list(entry, in: stripe, page.sequence & AccessClock.mask)
    retainForEntry()
    return unsafe index.slot(of: entry)
  }

  private func fillIn(
    _ entry: UnsafeMutablePointer<PageEntry>, _ page: StoredPage, volume: Int, _ traits: FileTraits
  ) {
    unsafe entry.pointee.high = page.key.file.high
    unsafe entry.pointee.low = page.key.file.low
    unsafe entry.pointee.index = page.key.index
    unsafe entry.pointee.unit = page.unit
    unsafe entry.pointee.aux = page.root
    unsafe entry.pointee.volume = UInt8(volume)
    unsafe entry.pointee.heat = 0
    unsafe entry.pointee.lane = PageEntry.noLane
    var flags: EntryFlags = traits.isPinned ? .pinned : []
    if disks[volume - memoryCount].isDoubtful {
      flags.insert(.adopted)
      disks[volume - memoryCount].countUnproven(1)
    }
    flags.priority = traits.priority
    unsafe entry.pointee.flags = flags
    let begun = unsafe PageWord(
      fillOf: page.length, generation: entry.pointee.current.generation)
    let word = begun.raw & ~PageWord.filling | PageWord.resident
    unsafe entry.pointee.word.store(word - 1, ordering: .relaxed)
  }
}
