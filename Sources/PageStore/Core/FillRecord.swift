// Those who wait for one fill. Lives from the fill's start until the filler and the last waiter are done with it.

/// One fill's waiters and result; every member is guarded by the lock of the page's stripe.
@safe final class FillRecord: @unchecked Sendable {
  /// Where the fill stands.
  enum State {
    /// The filler is at work.
    case pending
    /// The page is resident; each waiter has a pin counted for it.
    case committed
    /// No page came.
    case failed(FillFailure)
  }

  /// Keeps the store's insides alive for waiters that outlive a failed fill.
  let core: StoreCore
  var state = State.pending
  /// Waiters that exist, suspended or not yet.
  var waiters = 0
  // SAFETY: each continuation is resumed once, by the one that takes it out of the array under the lock.
  private var continuations: [UnsafeContinuation<Void, Never>] = unsafe []

  init(core: StoreCore) { self.core = core }

  /// Adds one who is suspended.
  func append(_ continuation: UnsafeContinuation<Void, Never>) {
    unsafe continuations.append(continuation)
  }

  /// Takes all who are suspended; they are to be resumed after the lock is released.
  func takeSuspended() -> Suspended {
    defer { unsafe continuations = [] }
    return unsafe Suspended(continuations)
  }

  /// Suspended waiters taken out of a record.
  @safe struct Suspended: ~Copyable {
    private let continuations: [UnsafeContinuation<Void, Never>]

    init(_ continuations: [UnsafeContinuation<Void, Never>]) {
      unsafe self.continuations = continuations
    }

    /// Lets all of them go on, each on its own executor.
    consuming func resume() { unsafe continuations.forEach { unsafe $0.resume() } }
  }
}
