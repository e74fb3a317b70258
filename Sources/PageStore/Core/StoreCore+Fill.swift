// Single-flight fills: the states of one page between its first miss and its first hit.
//
//   (absent) ──fill──▶ filling ──commit──▶ resident
//                        │  ▲ join: a waiter is counted
//                        │  └ drop: marked doomed, goes on; at its commit only those who wait get it
//                        └──fail, abandoned, no room──▶ (absent), waiters get the reason

import Model
import Synchronization

extension StoreCore {
  /// Decides who fills `key`; makes room near `node` when it is the caller.
  func fill(_ key: PageKey, length: Int, node: Int, tick: UInt64) -> FillDecision {
    let hash = index.hash(key)
    let stripe = index.stripe(of: hash)
    stripe.lock()
    guard length > 0, length <= pageSize else { return reject(.lengthInvalid, stripe) }
    if let entry = unsafe stripe.find(key, hash) { return unsafe join(entry, stripe, tick) }
    guard let entry = unsafe stripe.take() else { return reject(.full, stripe) }
    guard files.beginFill(key.file, index: key.index) else {
      unsafe stripe.giveBack(entry)
      return reject(.full, stripe)
    }
    unsafe begin(entry, key, length: length)
    unsafe stripe.insert(entry, hash)
    unsafe stripe.state.pointee.counters.fills += 1
    unsafe stripe.state.pointee.counters.filling += 1
    stripe.unlock()
    retainForEntry()
    let slot = unsafe index.slot(of: entry)
    guard let unit = makeRoom(unitCount(length), for: slot, near: node, tick: tick) else {
      unsafe fail(entry, .rejected(.full))
      return .rejected(.full)
    }
    unsafe entry.pointee.unit = unit
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: address(of: entry), count: length)
    return unsafe .owner(PageFill(key, buffer, entry: entry, core: self))
  }

  private func reject(_ reason: Rejection, _ stripe: IndexStripe) -> FillDecision {
    unsafe stripe.state.pointee.counters.rejections += 1
    stripe.unlock()
    return .rejected(reason)
  }

  private func begin(_ entry: UnsafeMutablePointer<PageEntry>, _ key: PageKey, length: Int) {
    unsafe entry.pointee.high = key.file.high
    unsafe entry.pointee.low = key.file.low
    unsafe entry.pointee.index = key.index
    unsafe entry.pointee.unit = PageEntry.noUnit
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
    _ entry: UnsafeMutablePointer<PageEntry>, _ stripe: IndexStripe, _ tick: UInt64
  ) -> FillDecision {
    if let word = unsafe pin(entry) {
      unsafe stripe.use(entry, tick)
      stripe.unlock()
      return unsafe .hit(lease(entry, word))
    }
    guard unsafe entry.pointee.current.isFilling else { return reject(.full, stripe) }
    let record = unsafe record(of: entry)
    // One pin each, and the filler's, must fit the pin count.
    guard record.waiters < PageWord.pinsMax - 1 else { return reject(.full, stripe) }
    record.waiters += 1
    unsafe stripe.state.pointee.counters.joins += 1
    stripe.unlock()
    return unsafe .join(FillWaiter(record, entry: entry))
  }

  private func record(of entry: UnsafeMutablePointer<PageEntry>) -> FillRecord {
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
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    let record = unsafe takeRecord(of: entry)
    let before = unsafe entry.pointee.current
    precondition(before.isFilling, "a fill ends once")
    let file = unsafe FileKey(high: entry.pointee.high, low: entry.pointee.low)
    // The filler's pin is the only one while it fills, so a plain store is enough.
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
      unsafe stripe.link(entry, tick)
    }
    unsafe entry.pointee.word.store(word.raw, ordering: .releasing)
    record.state = .committed
    let suspended = record.takeSuspended()
    stripe.unlock()
    suspended.resume()
    return unsafe lease(entry, word)
  }

  /// Ends the fill of `entry` without a page.
  func fail(_ entry: UnsafeMutablePointer<PageEntry>, _ reason: FillFailure) {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    let record = unsafe takeRecord(of: entry)
    let word = unsafe entry.pointee.current
    precondition(word.isFilling, "a fill ends once")
    unsafe stripe.remove(entry)
    files.endFill(
      unsafe FileKey(high: entry.pointee.high, low: entry.pointee.low), length: nil)
    unsafe stripe.state.pointee.counters.filling -= 1
    if case .rejected = reason {
      unsafe stripe.state.pointee.counters.rejections += 1
    } else {
      unsafe stripe.state.pointee.counters.failures += 1
    }
    unsafe giveBack(entry, in: stripe, length: word.length)
    record.state = .failed(reason)
    let suspended = record.takeSuspended()
    stripe.unlock()
    suspended.resume()
    // The record keeps the core for its waiters; this one's hold ends here.
    releaseHolder()
  }

  // MARK: Waiters

  /// Suspends a waiter on `record`, or lets it go on when the fill has ended.
  func suspend(
    _ continuation: UnsafeContinuation<Void, Never>, on record: FillRecord,
    _ entry: UnsafeMutablePointer<PageEntry>
  ) {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    if case .pending = record.state {
      unsafe record.append(continuation)
      stripe.unlock()
    } else {
      stripe.unlock()
      unsafe continuation.resume()
    }
  }

  /// What came of a fill that has ended; the waiter's pin becomes its lease.
  func outcome(of record: FillRecord, _ entry: UnsafeMutablePointer<PageEntry>) -> FillOutcome {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    let state = record.state
    let word = unsafe entry.pointee.current
    stripe.unlock()
    switch state {
    case .pending: preconditionFailure("a waiter goes on when the fill has ended")
    case .committed: return unsafe .hit(lease(entry, word))
    case .failed(let reason): return .failed(reason)
    }
  }

  /// Takes a waiter that did not wait off `record`.
  func leave(_ record: FillRecord, _ entry: UnsafeMutablePointer<PageEntry>) {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    let state = record.state
    let generation = unsafe entry.pointee.current.generation
    if case .pending = state { record.waiters -= 1 }
    stripe.unlock()
    if case .committed = state { unsafe release(entry, generation: generation) }
  }
}
