// Fills that show what they have: see ADR 0013.
//
//   publish: stripe lock → published = n → unlock → those who wait for no more go on
//   a waiter that looks gets a pin at once, under the lock; it goes with the waiter

import Synchronization

extension StoreCore {
  /// Waiters of a filling entry that have a pin; called with the stripe's lock.
  func viewers(of entry: UnsafeMutablePointer<PageEntry>) -> Int {
    unsafe record(of: entry).viewers
  }

  /// Whether someone waits for the fill of `entry`.
  func isAwaited(_ entry: UnsafeMutablePointer<PageEntry>) -> Bool {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    defer { stripe.unlock() }
    return unsafe record(of: entry).isAwaited
  }

  /// Says that the filler of `entry` is in no hurry.
  func markBackground(_ entry: UnsafeMutablePointer<PageEntry>) {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    defer { stripe.unlock() }
    unsafe record(of: entry).isBackground = true
  }

  /// Whether the filler of `record` is in no hurry.
  func isBackground(_ record: FillRecord, _ entry: UnsafeMutablePointer<PageEntry>) -> Bool {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    defer { stripe.unlock() }
    return record.isBackground
  }

  /// Whether the fill of `record` has ended, or the first `end` bytes are published.
  func isReached(
    _ end: Int, _ record: FillRecord, _ entry: UnsafeMutablePointer<PageEntry>
  ) -> Bool {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    defer { stripe.unlock() }
    guard case .pending = record.state else { return true }
    return record.published >= end
  }

  /// Calls `body` as soon as nobody waits for the fill of `record` while it is pending.
  func whenUnawaited(
    _ record: FillRecord, _ entry: UnsafeMutablePointer<PageEntry>,
    _ body: @escaping @Sendable () -> Void
  ) {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    guard case .pending = record.state else { return stripe.unlock() }
    guard record.isAwaited else {
      stripe.unlock()
      return body()
    }
    record.whenUnawaited = body
    stripe.unlock()
  }

  /// A look at the fill of `entry`.
  func watch(_ entry: UnsafeMutablePointer<PageEntry>) -> FillWatch {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    defer { stripe.unlock() }
    return unsafe FillWatch(record(of: entry), entry)
  }

  /// A waiter of its own for the filler of `entry`; nil when there are too many.
  func joinOwn(_ entry: UnsafeMutablePointer<PageEntry>) -> FillWaiter? {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    defer { stripe.unlock() }
    let record = unsafe record(of: entry)
    guard record.waiters + record.viewers < PageWord.pinsMax - 1 else { return nil }
    record.waiters += 1
    return unsafe FillWaiter(record, entry: entry)
  }

  /// Shows the first `end` bytes of the page at `entry`.
  func publish(_ entry: UnsafeMutablePointer<PageEntry>, upTo end: Int) {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    let record = unsafe record(of: entry)
    record.published = max(record.published, end)
    let reached = record.takeReached()
    stripe.unlock()
    reached.resume()
  }

  /// Gives a waiter its pin before the end of the fill; false when the fill has ended.
  func pin(_ record: FillRecord, _ entry: UnsafeMutablePointer<PageEntry>) -> Bool {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    defer { stripe.unlock() }
    guard case .pending = record.state else { return false }
    record.waiters -= 1
    record.viewers += 1
    unsafe entry.pointee.word.add(1, ordering: .relaxed)
    return true
  }

  /// What a waiter with a pin may see.
  func progress(
    of record: FillRecord, _ entry: UnsafeMutablePointer<PageEntry>
  ) -> FillProgress {
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    defer { stripe.unlock() }
    guard case .pending = record.state else { return .ended }
    return unsafe .bytes(
      UnsafeRawBufferPointer(start: address(of: entry), count: record.published))
  }
}
