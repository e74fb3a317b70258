// Time, as flow control sees it: that of the rings, or that of a test.

import Glibc
package import Ring

/// A monotonic clock that can wake.
package struct FlowClock: Sendable {
  /// Monotonic nanoseconds.
  let now: @Sendable () -> UInt64
  /// Suspends the task; false when it was woken early.
  let sleep: @Sendable (Duration) async -> Bool
  /// Calls back at a time, once; with false when time ends before it.
  ///
  /// `ring` is one to wait on for callers that run on none.
  let wake:
    @Sendable (_ at: UInt64, _ ring: Reactor?, _ body: @escaping @Sendable (Bool) -> Void) -> Void

  /// A clock of its parts.
  package init(
    now: @escaping @Sendable () -> UInt64, sleep: @escaping @Sendable (Duration) async -> Bool,
    wake: @escaping @Sendable (UInt64, Reactor?, @escaping @Sendable (Bool) -> Void) -> Void
  ) {
    self.now = now
    self.sleep = sleep
    self.wake = wake
  }

  /// The clock of the ring that the caller runs on.
  package static let ring = FlowClock(
    now: { Reactor.current?.now ?? monotonicNow() },
    sleep: { duration in
      guard let reactor = Reactor.current else { return false }
      return await reactor.sleep(for: duration)
    },
    wake: { time, ring, body in
      guard let reactor = Reactor.current ?? ring else { return body(false) }
      reactor.spawn {
        let wait = time > reactor.now ? time - reactor.now : 0
        body(await reactor.sleep(for: .nanoseconds(Int64(clamping: wait))))
      }
    })
}
