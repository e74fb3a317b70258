// The right and the duty to bring one page. In the whole process a page has at most one filler.

package import Model

/// A page being brought: space is reserved, nobody can see it yet but what was published to those who wait.
///
/// It ends exactly once: `commit` makes the page visible, `fail` wakes those who wait with the reason, and dropping the
/// value fails it as abandoned. Until then what was not published is the owner's alone. Any thread may end it.
@safe package struct PageFill: ~Copyable, @unchecked Sendable {
  /// The page.
  package let key: PageKey
  /// Where its bytes go, in the arena; as long as the page. Every byte is to be written before `commit`.
  // SAFETY: the fill's entry holds the units until the fill ends.
  package let buffer: UnsafeMutableRawBufferPointer
  private let entry: UnsafeMutablePointer<PageEntry>
  private let core: Unmanaged<StoreCore>

  init(
    _ key: PageKey, _ buffer: UnsafeMutableRawBufferPointer,
    entry: UnsafeMutablePointer<PageEntry>, core: StoreCore
  ) {
    self.key = key
    unsafe self.buffer = buffer
    unsafe self.entry = entry
    unsafe self.core = .passUnretained(core)
  }

  deinit {
    // SAFETY: the core lives while an entry is filling.
    unsafe core._withUnsafeGuaranteedRef { unsafe $0.fail(entry, .abandoned) }
  }

  /// The NUMA node whose memory the buffer is.
  package var node: Int { unsafe core._withUnsafeGuaranteedRef { unsafe $0.node(of: entry) } }

  /// Whether someone waits for the page.
  package var isAwaited: Bool {
    unsafe core._withUnsafeGuaranteedRef { unsafe $0.isAwaited(entry) }
  }

  /// A look at who waits, which may outlive the fill.
  package var watch: FillWatch {
    unsafe core._withUnsafeGuaranteedRef { unsafe $0.watch(entry) }
  }

  /// Says that nobody needs the page now: who joins need not wait for it long.
  package func markBackground() {
    unsafe core._withUnsafeGuaranteedRef { unsafe $0.markBackground(entry) }
  }

  /// Joins those who wait for the page; nil when they are too many already.
  package func join() -> FillWaiter? {
    // SAFETY: the core lives while an entry is filling.
    let core = unsafe core.takeUnretainedValue()
    return unsafe core.joinOwn(entry)
  }

  /// Shows the first `end` bytes of the page, which are written and will not change, to those who wait.
  ///
  /// They may be used from now on, whatever becomes of the fill. Takes one stripe's lock.
  package func publish(upTo end: Int) {
    precondition(unsafe end <= buffer.count, "a page ends")
    unsafe core._withUnsafeGuaranteedRef { unsafe $0.publish(entry, upTo: end) }
  }

  /// Makes the page visible, wakes those who wait with leases, and returns the filler's own lease.
  ///
  /// The page is used at `now` (CLOCK_MONOTONIC nanoseconds).
  package consuming func commit(now: UInt64) -> PageLease {
    let (entry, core) = unsafe (entry, core.takeUnretainedValue())
    discard self
    return unsafe core.commit(entry, tick: AccessClock.tick(now))
  }

  /// Makes the page visible now; reads the clock.
  package consuming func commit() -> PageLease { commit(now: AccessClock.nanoseconds) }

  /// Gives the page up: its space returns, and those who wait get `reason`.
  package consuming func fail(_ reason: FillFailure) {
    let (entry, core) = unsafe (entry, core.takeUnretainedValue())
    discard self
    unsafe core.fail(entry, reason)
  }
}
