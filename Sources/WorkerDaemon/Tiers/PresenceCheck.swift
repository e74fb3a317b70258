// Asking whether a volume is where it was, of a file system that may not answer.

import Ring
import Synchronization

/// The last answer about one volume, and the question that is out.
final class PresenceCheck: Sendable {
  private struct State {
    var isThere = true
    /// Monotonic nanoseconds of the question without an answer.
    var askedAt: UInt64?
  }

  private let place: VolumePresence?
  private let state = Mutex(State())

  /// A check of `place`; what could not be asked at first counts as there.
  init(_ place: VolumePresence?) { self.place = place }

  /// The last answer.
  var isThere: Bool { state.withLock { $0.isThere } }

  /// Asks on a thread of `pool`, unless the last question has no answer yet; returns at once.
  func ask(_ pool: BlockingPool, now: UInt64) {
    guard let place else { return }
    let isFree = state.withLock { state in
      defer { state.askedAt = state.askedAt ?? now }
      return state.askedAt == nil
    }
    guard isFree else { return }
    pool.submit {
      let isThere = place.isThere
      self.state.withLock { $0 = State(isThere: isThere, askedAt: nil) }
    }
  }

  /// Nanoseconds that the question has been out at `now`; nil when none is.
  func age(now: UInt64) -> UInt64? {
    state.withLock { state in state.askedAt.map { now > $0 ? now - $0 : 0 } }
  }
}
