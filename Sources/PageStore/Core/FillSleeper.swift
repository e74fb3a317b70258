// One suspended waiter of a fill, which may be let go before what it waits for is there.

/// A waiter's sleep; its state is guarded by the lock of the page's stripe.
// SAFETY: the continuation is taken out under the stripe's lock by the one that resumes it.
@safe final class FillSleeper: @unchecked Sendable {
  /// Bytes that must be published.
  let end: Int
  private let record: FillRecord
  private let entry: UnsafeMutablePointer<PageEntry>
  private var continuation: UnsafeContinuation<Void, Never>?
  /// Whether it was told to wait no longer.
  private(set) var isCalledOff = false

  /// A sleep until `end` bytes of the page at `entry` are published, or its fill has ended.
  init(_ record: FillRecord, _ entry: UnsafeMutablePointer<PageEntry>, until end: Int) {
    self.record = record
    unsafe self.entry = entry
    self.end = end
    unsafe continuation = nil
  }

  /// Suspends until the end of the sleep.
  func sleep() async {
    unsafe await withUnsafeContinuation { continuation in
      unsafe record.core.suspend(continuation, self, on: record, entry)
    }
  }

  /// Remembers whom to resume; called with the stripe's lock, once.
  func hold(_ continuation: UnsafeContinuation<Void, Never>) {
    unsafe self.continuation = unsafe continuation
  }

  /// Takes out whom to resume; called with the stripe's lock.
  func take() -> UnsafeContinuation<Void, Never>? {
    defer { unsafe continuation = nil }
    return unsafe continuation
  }

  /// Ends the sleep early, whether it has begun or not; any thread.
  func callOff() {
    let stripe = unsafe record.core.index.stripe(of: entry)
    stripe.lock()
    isCalledOff = true
    record.remove(self)
    let continuation = unsafe take()
    stripe.unlock()
    unsafe continuation?.resume()
  }
}
