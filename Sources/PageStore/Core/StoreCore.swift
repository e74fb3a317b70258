// What a PageStore, its leases and its fills share. It lives until the store is gone and the last lease and fill ended.
//
//   look-up:  stripe lock → find → pin → touch → unlock                         (no other lock, no allocation, no ARC)
//   release:  one atomic subtraction; the last one off a doomed page gives its space back
//   fill:     stripe lock → entry "filling" → unlock → room (may evict) → bytes by the owner → stripe lock → resident
//
// The entry is in the index before room is made, so that a thousand readers of one missing page make room once.

import Model
import Synchronization

/// Index, files and volumes of one store.
@safe final class StoreCore: @unchecked Sendable {
  let pageSize: Int
  let index: PageIndex
  let files: FileTable
  let volumes: [any Volume]
  // SAFETY: a constant address; the memory is kept by `memory`.
  let base: UnsafeMutableRawPointer
  /// What keeps the pages' memory mapped.
  let memory: any AnyObject & Sendable
  /// Where the next search for the oldest stripe starts.
  let hand = Atomic<Int>(0)
  /// One for the store itself and one for each entry that is filling, resident or doomed; at zero the core lets go of itself.
  private let holders = Atomic<Int>(1)

  init(
    pageSize: Int, index: consuming PageIndex, files: consuming FileTable,
    volumes: [any Volume], base: UnsafeMutableRawPointer, memory: any AnyObject & Sendable
  ) {
    self.pageSize = pageSize
    self.index = index
    self.files = files
    self.volumes = volumes
    unsafe self.base = base
    self.memory = memory
    _ = unsafe Unmanaged.passRetained(self)
  }

  /// Counts an entry that came to be.
  func retainForEntry() { holders.add(1, ordering: .relaxed) }

  /// Counts an entry, or the store itself, that went; no lock is held, and `self` may be gone afterwards.
  func releaseHolder() {
    guard holders.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
    unsafe Unmanaged.passUnretained(self).release()
  }

  /// Entries that are filling, resident or doomed, roughly: other threads go on.
  var entryCount: Int { holders.load(ordering: .relaxed) }

  // MARK: Hits

  /// Looks `key` up, as used at `tick`.
  @inline(__always)
  func lookup(_ key: PageKey, tick: UInt64) -> Lookup {
    let hash = index.hash(key)
    let stripe = index.stripe(of: hash)
    stripe.lock()
    if let entry = unsafe stripe.find(key, hash), let word = unsafe pin(entry) {
      unsafe stripe.use(entry, tick)
      unsafe stripe.state.pointee.hits &+= 1
      stripe.unlock()
      return unsafe .hit(lease(entry, word))
    }
    unsafe stripe.state.pointee.misses &+= 1
    stripe.unlock()
    return .miss
  }

  /// Adds a pin to `entry` when it is resident and can have one more; called with the stripe's lock.
  @inline(__always)
  func pin(_ entry: UnsafeMutablePointer<PageEntry>) -> PageWord? {
    let word = unsafe entry.pointee.current
    guard word.isResident, word.pins < PageWord.pinsMax else { return nil }
    unsafe entry.pointee.word.add(1, ordering: .relaxed)
    return word
  }

  /// A lease for a pin that is counted.
  @inline(__always)
  func lease(_ entry: UnsafeMutablePointer<PageEntry>, _ word: PageWord) -> PageLease {
    let bytes = unsafe UnsafeRawBufferPointer(start: address(of: entry), count: word.length)
    return unsafe PageLease(bytes, entry: entry, core: self, generation: word.generation)
  }

  /// Takes a pin off `entry`.
  @inline(__always)
  func release(_ entry: UnsafeMutablePointer<PageEntry>, generation: UInt16) {
    let word = unsafe PageWord(
      raw: entry.pointee.word.subtract(1, ordering: .acquiringAndReleasing).newValue)
    precondition(word.generation == generation, "a lease ends once")
    if word.isReclaimable { unsafe reclaimDoomed(entry) }
  }

  // MARK: Places

  /// The first byte of the page at `entry`, which has a place.
  @inline(__always)
  func address(of entry: UnsafeMutablePointer<PageEntry>) -> UnsafeMutableRawPointer {
    unsafe base + Int(entry.pointee.unit) * RunAllocator.unitSize
  }

  /// The volume that has `unit`.
  func volume(of unit: UInt32) -> any Volume {
    for volume in volumes.dropFirst() where volume.units.contains(unit) { return volume }
    return volumes[0]
  }

  /// The NUMA node of the page at `entry`.
  func node(of entry: UnsafeMutablePointer<PageEntry>) -> Int {
    unsafe volume(of: entry.pointee.unit).node
  }

  /// Units that a page of `length` bytes takes.
  func unitCount(_ length: Int) -> Int {
    (length + RunAllocator.unitSize - 1) / RunAllocator.unitSize
  }

  // MARK: Ends of pages

  /// Makes a resident page unreachable; called with the stripe's lock.
  ///
  /// Returns true when nobody held it: its entry and space are back already, and `releaseHolder` is to be called after unlocking.
  func doom(_ entry: UnsafeMutablePointer<PageEntry>, in stripe: IndexStripe) -> Bool {
    let length = unsafe entry.pointee.current.length
    unsafe stripe.remove(entry)
    unsafe stripe.unlink(entry)
    unsafe stripe.state.pointee.counters.resident -= 1
    unsafe stripe.state.pointee.counters.residentBytes -= Int64(length)
    let file = unsafe FileKey(high: entry.pointee.high, low: entry.pointee.low)
    files.removePage(file, length: length)
    let flip = PageWord.resident | PageWord.doomed
    let word = unsafe PageWord(
      raw: entry.pointee.word.bitwiseXor(flip, ordering: .acquiringAndReleasing).newValue)
    if word.isReclaimable {
      unsafe giveBack(entry, in: stripe, length: length)
      return true
    }
    unsafe stripe.state.pointee.counters.doomed += 1
    unsafe stripe.state.pointee.counters.doomedBytes += Int64(length)
    return false
  }

  /// Gives a page's units and entry back; called with the stripe's lock, `releaseHolder` to follow.
  func giveBack(
    _ entry: UnsafeMutablePointer<PageEntry>, in stripe: IndexStripe, length: Int
  ) {
    let unit = unsafe entry.pointee.unit
    if unit != PageEntry.noUnit {
      unsafe volume(of: unit).giveBack(unit, unitCount(length), of: index.slot(of: entry))
    }
    unsafe stripe.giveBack(entry)
  }

  /// Gives a doomed page back whose last pin just went.
  private func reclaimDoomed(_ entry: UnsafeMutablePointer<PageEntry>) {
    let stripe = unsafe index.stripe(of: entry)
    let length = unsafe entry.pointee.current.length
    stripe.lock()
    unsafe stripe.state.pointee.counters.doomed -= 1
    unsafe stripe.state.pointee.counters.doomedBytes -= Int64(length)
    unsafe giveBack(entry, in: stripe, length: length)
    stripe.unlock()
    releaseHolder()
  }
}
