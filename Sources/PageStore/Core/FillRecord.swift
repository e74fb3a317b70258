// Those who wait for one fill. Lives from the fill's start until the filler and the last waiter are done with it.

/// One fill's waiters and result; every member is guarded by the lock of the page's stripe.
// SAFETY: every member is used under that lock alone.
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
  /// Waiters that exist, suspended or not yet, and have no pin: each gets one at the commit.
  var waiters = 0
  /// Waiters that have looked at the bytes so far and so have a pin.
  var viewers = 0
  /// Bytes of the page, from its start, that are final.
  var published = 0
  /// Whether the filler is in no hurry: what it brings is for nobody who waits now.
  var isBackground = false
  /// To be called once when nobody waits any more while the fill is pending.
  var whenUnawaited: (@Sendable () -> Void)?
  private var sleepers: [FillSleeper] = []

  init(core: StoreCore) { self.core = core }

  /// Whether someone waits, with a pin or without.
  var isAwaited: Bool { waiters + viewers > 0 }

  /// Adds one who is suspended.
  func append(_ sleeper: FillSleeper) { sleepers.append(sleeper) }

  /// Takes `sleeper` out, if it is in.
  func remove(_ sleeper: FillSleeper) { sleepers.removeAll { $0 === sleeper } }

  /// Takes all who are suspended; they are to be resumed after the lock is released.
  func takeSuspended() -> Suspended {
    defer { sleepers = [] }
    return unsafe Suspended(sleepers.compactMap { unsafe $0.take() })
  }

  /// Takes those who wait for no more than what is published.
  func takeReached() -> Suspended {
    if sleepers.isEmpty { return unsafe Suspended([]) }
    let reached = sleepers.filter { $0.end <= published }
    if !reached.isEmpty { sleepers.removeAll { $0.end <= published } }
    return unsafe Suspended(reached.compactMap { unsafe $0.take() })
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
