// Single-flight fills: the states of one page between its first miss and its first hit.
//
//   (absent) ──fill──▶ filling ──commit──▶ resident
//                        │  ▲ join: a waiter is counted
//                        │  └ drop: marked doomed, goes on; at its commit only those who wait get it
//                        ├──publish: those who wait may use the first bytes, and pin the page for that
//                        └──fail, abandoned, no room──▶ (absent), waiters get the reason; the memory goes with the last pin
//
// With a disk below, a page that became resident is unsaved: queued to be written, and in no lane until it was.

import Model
import Synchronization

extension StoreCore {
  /// Decides who fills `key`; makes room near `node` when it is the caller.
  func fill(
    _ key: PageKey, length: Int, node: Int, traits: FileTraits?, tick: UInt64,
    countsRejection: Bool
  ) -> FillDecision {
    let hash = index.hash(key)
    let stripe = index.stripe(of: hash)
    stripe.lock()
    guard length > 0, length <= pageSize else {
      return reject(.lengthInvalid, stripe, countsRejection)
    }
    if let entry = unsafe stripe.find(key, hash) {
      guard unsafe isOut(entry) else { return unsafe join(entry, stripe, tick, countsRejection) }
      // On a disk that is out: what lies there cannot be served, and the page is wanted now.
      let isBack = unsafe doom(entry, in: stripe, tick)
      stripe.unlock()
      if isBack { releaseHolder() }
      return fill(
        key, length: length, node: node, traits: traits, tick: tick,
        countsRejection: countsRejection)
    }
    guard let entry = unsafe stripe.take() else {
      return reject(.full, stripe, countsRejection)
    }
    guard let traits = files.beginFill(key.file, index: key.index, traits: traits) else {
      unsafe stripe.giveBack(entry)
      return reject(.full, stripe, countsRejection)
    }
    unsafe begin(entry, key, length: length, traits)
    unsafe stripe.insert(entry, hash)
    unsafe stripe.state.pointee.counters.fills += 1
    unsafe stripe.state.pointee.counters.filling += 1
    stripe.unlock()
    retainForEntry()
    let slot = unsafe index.slot(of: entry)
    let place: Place
    switch makeRoom(
      length, for: slot, in: 0, near: node, priority: traits.priority, tick: tick)
    {
    case .found(let found): place = found
    case .none(let reason):
      unsafe fail(entry, .rejected(reason), countsRejection: countsRejection)
      return .rejected(reason)
    }
    // Others look at entries that are filling, under the lock.
    stripe.lock()
    unsafe entry.pointee.unit = place.unit
    unsafe entry.pointee.volume = place.volume
    stripe.unlock()
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: address(of: entry), count: length)
    return unsafe .owner(PageFill(key, buffer, entry: entry, core: self))
  }

  private func reject(
    _ reason: Rejection, _ stripe: IndexStripe, _ isCounted: Bool
  ) -> FillDecision {
    if isCounted { unsafe stripe.state.pointee.counters.rejections += 1 }
    stripe.unlock()
    return .rejected(reason)
  }

  /// True when `entry` is a copy on a disk that may not be read.
  func isOut(_ entry: UnsafeMutablePointer<PageEntry>) -> Bool {
    guard unsafe entry.pointee.current.isResident, unsafe !isMemory(entry) else { return false }
    return unsafe !disk(of: entry).acceptsReads
  }

  private func begin(
    _ entry: UnsafeMutablePointer<PageEntry>, _ key: PageKey, length: Int, _ traits: FileTraits
  ) {
    unsafe entry.pointee.high = key.file.high
    unsafe entry.pointee.low = key.file.low
    unsafe entry.pointee.index = key.index
    unsafe entry.pointee.unit = PageEntry.noUnit
    unsafe entry.pointee.volume = 0
    unsafe entry.pointee.aux = 0
    unsafe entry.pointee.heat = 0
    unsafe entry.pointee.lane = PageEntry.noLane
    var flags: EntryFlags = traits.isPinned ? .pinned : []
    flags.priority = traits.priority
    unsafe entry.pointee.flags = flags
    let word = unsafe PageWord(fillOf: length, generation: entry.pointee.current.generation)
    unsafe entry.pointee.word.store(word.raw, ordering: .relaxed)
    // SAFETY: the retain is taken back by `takeRecord`, once, when the fill ends.
    let record = unsafe Unmanaged.passRetained(FillRecord(core: self)).toOpaque()
    unsafe entry.pointee.recordBits = UInt64(UInt(bitPattern: record))
  }

  /// Joins what is at `entry`: a resident page by a lease, a filling one by a waiter.
  ///
  /// Releases the stripe's lock.
  private func join(
    _ entry: UnsafeMutablePointer<PageEntry>, _ stripe: IndexStripe, _ tick: UInt64,
    _ countsRejection: Bool
  ) -> FillDecision {
    if let word = unsafe pin(entry) {
      unsafe stripe.use(entry, tick, policy)
      if unsafe isMemory(entry) {
        stripe.unlock()
        return unsafe .hit(lease(entry, word))
      }
      return unsafe .stored(storedLease(entry, word, stripe))
    }
    guard unsafe entry.pointee.current.isFilling else {
      return reject(.full, stripe, countsRejection)
    }
    let record = unsafe record(of: entry)
    // One pin each, and the filler's, must fit the pin count.
    guard record.waiters + record.viewers < PageWord.pinsMax - 1 else {
      return reject(.full, stripe, countsRejection)
    }
    record.waiters += 1
    unsafe stripe.state.pointee.counters.joins += 1
    stripe.unlock()
    return unsafe .join(FillWaiter(record, entry: entry))
  }

  /// The record of a filling entry; called with the stripe's lock.
  func record(of entry: UnsafeMutablePointer<PageEntry>) -> FillRecord {
    unsafe opaqueRecord(of: entry).takeUnretainedValue()
  }

  private func takeRecord(of entry: UnsafeMutablePointer<PageEntry>) -> FillRecord {
    unsafe opaqueRecord(of: entry).takeRetainedValue()
  }

  private func opaqueRecord(of entry: UnsafeMutablePointer<PageEntry>) -> Unmanaged<FillRecord> {
    // SAFETY: a filling entry holds the address that `begin` stored.
    guard
      let pointer = unsafe UnsafeRawPointer(bitPattern: UInt(entry.pointee.recordBits))
    else { preconditionFailure("a filling entry has a record") }
    return unsafe Unmanaged.fromOpaque(pointer)
  }

  // MARK: Ends of a fill

  /// Makes the page of `entry` resident, or doomed when it was dropped meanwhile; the filler's pin becomes its lease.
  func commit(_ entry: UnsafeMutablePointer<PageEntry>, tick: UInt64) -> PageLease {
    // Now, while the bytes that just came are near, not when a saver comes to it.
    var sums: [UInt32] = []
    if savesPages {
      let length = unsafe entry.pointee.current.length
      unsafe sums = PageSeal.sums(
        of: UnsafeRawBufferPointer(start: address(of: entry), count: length))
    }
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    let record = unsafe takeRecord(of: entry)
    let before = unsafe entry.pointee.current
    precondition(before.isFilling, "a fill ends once")
    let file = unsafe entry.pointee.file
    var isUnsaved = false
    // While it fills, pins change under the lock only, so a plain store is enough.
    var word = PageWord(raw: before.raw & ~PageWord.filling + UInt64(record.waiters))
    unsafe stripe.state.pointee.counters.filling -= 1
    if before.isDoomed {
      unsafe stripe.remove(entry)
      files.endFill(file, length: nil)
      unsafe stripe.state.pointee.counters.doomed += 1
      unsafe stripe.state.pointee.counters.doomedBytes += Int64(before.length)
    } else {
      word.raw |= PageWord.resident
      files.endFill(file, length: before.length)
      unsafe stripe.state.pointee.counters.resident += 1
      unsafe stripe.state.pointee.counters.residentBytes += Int64(before.length)
      unsafe entry.pointee.recordBits = 0
      tasks.copies.add(1, to: unsafe Int(entry.pointee.volume))
      if savesPages {
        unsafe entry.pointee.flags.insert(.unsaved)
        isUnsaved = true
      } else {
        unsafe list(entry, in: stripe, tick)
      }
    }
    unsafe entry.pointee.word.store(word.raw, ordering: .releasing)
    record.state = .committed
    let suspended = record.takeSuspended()
    stripe.unlock()
    suspended.resume()
    if isUnsaved {
      tasks.unsavedCount.add(1, ordering: .relaxed)
      let name = unsafe CopyName(slot: index.slot(of: entry), generation: word.generation)
      queueUnsaved(UnsavedPage(name: name, sums: sums))
    }
    return unsafe lease(entry, word)
  }

  /// Ends the fill of `entry` without a page.
  func fail(
    _ entry: UnsafeMutablePointer<PageEntry>, _ reason: FillFailure, countsRejection: Bool = true
  ) {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    let record = unsafe takeRecord(of: entry)
    let word = unsafe entry.pointee.current
    precondition(word.isFilling, "a fill ends once")
    unsafe stripe.remove(entry)
    files.endFill(unsafe entry.pointee.file, length: nil)
    unsafe stripe.state.pointee.counters.filling -= 1
    if case .rejected = reason {
      if countsRejection { unsafe stripe.state.pointee.counters.rejections += 1 }
    } else {
      unsafe stripe.state.pointee.counters.failures += 1
    }
    let isBack = record.viewers == 0
    if isBack {
      unsafe giveBack(entry, in: stripe, length: word.length)
    } else {
      // Someone may be sending from it: the last one's release gives it back.
      let left = PageWord(raw: (word.raw & ~PageWord.filling | PageWord.doomed) - 1)
      unsafe entry.pointee.recordBits = 0
      unsafe stripe.state.pointee.counters.doomed += 1
      unsafe stripe.state.pointee.counters.doomedBytes += Int64(word.length)
      unsafe entry.pointee.word.store(left.raw, ordering: .releasing)
    }
    record.state = .failed(reason)
    let suspended = record.takeSuspended()
    stripe.unlock()
    suspended.resume()
    // The record keeps the core for its waiters; this one's hold ends here.
    if isBack { releaseHolder() }
  }

  // MARK: Waiters

  /// Suspends a waiter on `record`, or lets it go on when what it waits for is published, the fill has ended or the
  /// wait was called off.
  func suspend(
    _ continuation: UnsafeContinuation<Void, Never>, _ sleeper: FillSleeper,
    on record: FillRecord, _ entry: UnsafeMutablePointer<PageEntry>
  ) {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    if case .pending = record.state, record.published < sleeper.end, !sleeper.isCalledOff {
      unsafe sleeper.hold(continuation)
      record.append(sleeper)
      stripe.unlock()
    } else {
      stripe.unlock()
      unsafe continuation.resume()
    }
  }

  /// What came of a fill that has ended; the waiter's pin becomes its lease.
  func outcome(
    of record: FillRecord, _ entry: UnsafeMutablePointer<PageEntry>, hasPin: Bool
  ) -> FillOutcome {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    let state = record.state
    let word = unsafe entry.pointee.current
    stripe.unlock()
    switch state {
    case .pending: preconditionFailure("an outcome is asked for when the fill has ended")
    case .committed: return unsafe .hit(lease(entry, word))
    case .failed(let reason):
      if hasPin { unsafe release(entry, generation: word.generation) }
      return .failed(reason)
    }
  }

  /// Takes a waiter that did not wait for the end off `record`.
  func leave(
    _ record: FillRecord, _ entry: UnsafeMutablePointer<PageEntry>, hasPin: Bool
  ) {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    let generation = unsafe entry.pointee.current.generation
    var isPinned = hasPin
    var notice: (@Sendable () -> Void)?
    switch record.state {
    case .pending:
      isPinned = false
      if hasPin {
        record.viewers -= 1
        unsafe entry.pointee.word.subtract(1, ordering: .relaxed)
      } else {
        record.waiters -= 1
      }
      if !record.isAwaited { notice = record.whenUnawaited.take() }
    case .committed: isPinned = true
    case .failed: break
    }
    stripe.unlock()
    if isPinned { unsafe release(entry, generation: generation) }
    notice?()
  }
}
