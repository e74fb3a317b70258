// Hits on disk: leases on copies that are read, what becomes of those that cannot be, and which are wanted in memory.

import Model
import Synchronization

extension StoreCore {
  /// A hit on a copy on disk whose pin is counted; a miss when its disk is out.
  ///
  /// Releases the stripe's lock.
  func storedLookup(
    _ entry: UnsafeMutablePointer<PageEntry>, _ stripe: IndexStripe
  ) -> Lookup {
    let word = unsafe entry.pointee.current
    if unsafe disk(of: entry).acceptsReads {
      return unsafe .stored(storedLease(entry, word, stripe))
    }
    unsafe stripe.state.pointee.hits &-= 1
    unsafe stripe.state.pointee.misses &+= 1
    stripe.unlock()
    unsafe release(entry, generation: word.generation)
    return .miss
  }

  /// A lease on a copy on disk whose pin is counted, queued for promotion when it was hit often enough.
  ///
  /// Releases the stripe's lock.
  func storedLease(
    _ entry: UnsafeMutablePointer<PageEntry>, _ word: PageWord, _ stripe: IndexStripe
  ) -> StoredLease {
    let isTrusted = unsafe isTrusted(entry.pointee.flags)
    let isWanted = unsafe countHit(entry)
    let name = unsafe CopyName(slot: index.slot(of: entry), generation: word.generation)
    let page = unsafe storedPage(entry, word)
    stripe.unlock()
    tasks.counters.storedHits.add(1, ordering: .relaxed)
    if isWanted, !tasks.promotions.put(name) { unsafe forgetPromotion(entry, stripe) }
    return unsafe StoredLease(
      page, entry: entry, core: self, generation: word.generation, isTrusted: isTrusted)
  }

  /// Counts a hit on disk; true when the page is to be promoted, which is marked.
  private func countHit(_ entry: UnsafeMutablePointer<PageEntry>) -> Bool {
    guard options.promotionHits > 0, unsafe !entry.pointee.flags.contains(.promoting) else {
      return false
    }
    // The policies that do not count uses leave the byte to this.
    if policy.kind == .lru || policy.kind == .fifo, unsafe entry.pointee.heat < .max {
      unsafe entry.pointee.heat += 1
    }
    guard unsafe Int(entry.pointee.heat) >= min(options.promotionHits, policy.heatMax) else {
      return false
    }
    unsafe entry.pointee.flags.insert(.promoting)
    return true
  }

  /// Lets `entry` be queued again; called without a lock and with a pin.
  private func forgetPromotion(_ entry: UnsafeMutablePointer<PageEntry>, _ stripe: IndexStripe) {
    stripe.lock()
    unsafe entry.pointee.flags.remove(.promoting)
    stripe.unlock()
  }

  /// What a disk needs to know of the copy at `entry`.
  func storedPage(_ entry: UnsafeMutablePointer<PageEntry>, _ word: PageWord) -> DiskPage {
    unsafe DiskPage(
      key: entry.pointee.key, length: word.length, unit: entry.pointee.unit,
      root: entry.pointee.aux)
  }

  /// True when a read of a copy is to be compared with its checksum.
  func mustVerify(isTrusted: Bool) -> Bool {
    options.verification == .always || !isTrusted
  }

  /// True when a copy with `flags` needs no look at its checksum unless every read does.
  ///
  /// A page from before a crash is not trusted before it was seen to match, whatever is configured: the crash may have lost
  /// the removal of its record, and another page's bytes lie there.
  private func isTrusted(_ flags: EntryFlags) -> Bool {
    switch options.verification {
    case .always: false
    case .firstTouch: flags.contains(.verified)
    case .off: !flags.contains(.adopted)
    }
  }

  /// Remembers that the whole copy at `entry`, which is pinned, was seen to match.
  func markVerified(_ entry: UnsafeMutablePointer<PageEntry>) {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    unsafe entry.pointee.flags.insert(.verified)
    unsafe endDoubt(entry)
    stripe.unlock()
  }

  /// Counts a copy off that was in doubt since start and was seen to match, or leaves; called with the stripe's lock.
  func endDoubt(_ entry: UnsafeMutablePointer<PageEntry>) {
    guard unsafe !isMemory(entry), unsafe entry.pointee.flags.remove(.adopted) != nil else {
      return
    }
    unsafe disk(of: entry).countUnproven(-1)
  }

  private func note(corrupt entry: UnsafeMutablePointer<PageEntry>) {
    tasks.corruptPages.add(
      CorruptPage(
        key: unsafe entry.pointee.key, disk: unsafe Int(entry.pointee.volume) - memoryCount,
        offset: unsafe disk(of: entry).offset(of: entry.pointee.unit),
        length: unsafe entry.pointee.current.length,
        isDoubtful: unsafe entry.pointee.flags.contains(.adopted)))
  }

  /// Takes a copy out whose bytes were wrong or could not be read; the caller has a pin.
  ///
  /// A run with wrong bytes is not used again, unless the page was there before a crash and never seen to match since: a
  /// crash leaves such pages on good disks, since a log that lost its tail remembers what was overwritten. Of a run that
  /// could not be read the disk's health keeps account. A page in front stays.
  func lose(_ entry: UnsafeMutablePointer<PageEntry>, isCorrupt: Bool) {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    if unsafe entry.pointee.current.isResident {
      if isCorrupt {
        tasks.counters.corrupt.add(1, ordering: .relaxed)
        unsafe note(corrupt: entry)
      } else {
        tasks.counters.unreadable.add(1, ordering: .relaxed)
      }
      if isCorrupt, unsafe !entry.pointee.flags.contains(.adopted) {
        unsafe entry.pointee.flags.insert(.bad)
        unsafe disk(of: entry).blame()
      }
      // Pinned by the caller: it goes when the pin does.
      _ = unsafe doom(entry, in: stripe, now)
    }
    stripe.unlock()
  }
}
