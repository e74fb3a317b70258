// How much of a limit is used: by pages in the cache and by fills on their way there.
//
//   resident (counted at the last survey, plus what was committed since) + in flight ≤ limit
//
// The store evicts pages without telling, so `resident` only errs upwards; when it says that there is no room, a survey
// counts what is really there. Until the first survey nothing is known, so nothing is granted without one.

import Synchronization

/// The bytes that the files of a directory hold, and may hold.
package final class QuotaAccount: Sendable {
  /// What a wish for room meets.
  package enum Reservation: Sendable, Equatable {
    /// The bytes count as in flight; the caller commits or cancels them.
    case granted
    /// The caller surveys the directory, frees what it can, and asks again.
    case surveyDue
    /// There is no room, and nothing to be done about it now.
    case denied
  }

  private struct State {
    var resident: Int64?
    var inFlight: Int64 = 0
    var isSurveying = false
    /// Bytes committed while a survey counts: it may or may not have seen them.
    var committedMeanwhile: Int64 = 0
    /// Monotonic nanoseconds until which a survey would find what the last one found.
    var quietUntil: UInt64 = 0
  }

  /// How long a survey that freed nothing is believed.
  private static let quietTime: UInt64 = 1_000_000_000

  /// The directory.
  package let path: RulePath
  private let limitBytes: Atomic<Int64>
  private let state = Mutex(State())

  /// An account of `path` with a `limit` in bytes.
  package init(path: RulePath, limit: Int64) {
    self.path = path
    limitBytes = Atomic(limit)
  }

  /// Most bytes.
  package var limit: Int64 { limitBytes.load(ordering: .relaxed) }

  /// Changes the limit; what is there already stays until room is asked for.
  package func setLimit(_ limit: Int64) {
    limitBytes.store(limit, ordering: .relaxed)
    state.withLock { $0.quietUntil = 0 }
  }

  /// Bytes that count against the limit, nil before the first survey.
  package var used: Int64? {
    state.withLock { state in state.resident.map { $0 + state.inFlight } }
  }

  /// Asks for room for `count` bytes at `now` (monotonic nanoseconds).
  package func reserve(_ count: Int64, now: UInt64) -> Reservation {
    let limit = limit
    return state.withLock { state in
      guard count <= limit else { return .denied }
      if let resident = state.resident, count <= limit - resident - state.inFlight {
        state.inFlight += count
        return .granted
      }
      guard !state.isSurveying, now >= state.quietUntil else { return .denied }
      state.isSurveying = true
      state.committedMeanwhile = 0
      return .surveyDue
    }
  }

  /// Begins a survey that no wish for room asked for; false when one is under way.
  package func beginSurvey() -> Bool {
    state.withLock { state in
      guard !state.isSurveying else { return false }
      state.isSurveying = true
      state.committedMeanwhile = 0
      return true
    }
  }

  /// The reserved bytes are in the cache now.
  package func commit(_ count: Int64) {
    state.withLock { state in
      state.inFlight -= count
      state.resident? += count
      if state.isSurveying { state.committedMeanwhile += count }
    }
  }

  /// The reserved bytes did not come.
  package func cancel(_ count: Int64) { state.withLock { $0.inFlight -= count } }

  /// Ends a survey that left `resident` bytes at `now`; a futile one, which was to free some and could not, is not
  /// repeated at once.
  package func finishSurvey(resident: Int64, isFutile: Bool, now: UInt64) {
    state.withLock { state in
      state.resident = resident + state.committedMeanwhile
      state.isSurveying = false
      state.quietUntil = isFutile ? now &+ Self.quietTime : 0
    }
  }

  /// Bytes of fills on their way.
  package var inFlight: Int64 { state.withLock { $0.inFlight } }
}
