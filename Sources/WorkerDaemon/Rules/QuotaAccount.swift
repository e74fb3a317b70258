// How much of a limit is used: by pages in the cache and by fills on their way there.
//
//   resident (counted at the last survey, plus what was committed since) + in flight ≤ limit
//
// The store evicts pages without telling, so `resident` only errs upwards; when it says that there is no room, a survey
// counts what is really there. Until the first survey nothing is known, so nothing is granted without one.
// Whoever begins a survey holds a `QuotaSurvey`, which cannot be forgotten: dropped unfinished, it ends too.

import Synchronization

/// The bytes that the files of a directory hold, and may hold.
package final class QuotaAccount: Sendable {
  /// What a wish for room meets.
  package enum Reservation: ~Copyable {
    /// The bytes count as in flight; the caller commits or cancels them.
    case granted
    /// The caller surveys the directory, frees what it can, and asks once more.
    case surveyDue(QuotaSurvey)
    /// There is no room, and nothing to be done about it now.
    case denied
  }

  private struct State {
    var resident: Int64?
    var inFlight: Int64 = 0
    var surveyCount = 0
    /// Bytes committed while a survey counts: it may or may not have seen them.
    var committedMeanwhile: Int64 = 0
    /// Monotonic nanoseconds until which a survey would find what the last one found.
    var quietUntil: UInt64 = 0

    mutating func beginSurvey() {
      // Surveys that overlap all count what came since the first began: at worst twice.
      if surveyCount == 0 { committedMeanwhile = 0 }
      surveyCount += 1
    }
  }

  /// How long a survey that freed nothing is believed.
  private static let quietTime: UInt64 = 1_000_000_000

  /// The directory.
  package let path: RulePath
  private let limitBytes: Atomic<Int64>
  private let state = Mutex(State())
  /// Held while the directory is counted: two that count at once would both make the same room.
  let turn = Mutex(())

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
  ///
  /// Who asks again after a survey says so with `isSurveyed`, and is granted or denied.
  package func reserve(_ count: Int64, now: UInt64, isSurveyed: Bool = false) -> Reservation {
    let limit = limit
    let answer: Bool? = state.withLock { state in
      guard count <= limit else { return false }
      if let resident = state.resident, count <= limit - resident - state.inFlight {
        state.inFlight += count
        return true
      }
      guard !isSurveyed, state.surveyCount == 0, now >= state.quietUntil else { return false }
      state.beginSurvey()
      return nil
    }
    switch answer {
    case true?: return .granted
    case false?: return .denied
    case nil: return .surveyDue(QuotaSurvey(of: self))
    }
  }

  /// Begins a survey that no wish for room asked for.
  package func beginSurvey() -> QuotaSurvey {
    state.withLock { $0.beginSurvey() }
    return QuotaSurvey(of: self)
  }

  /// The reserved bytes are in the cache now.
  package func commit(_ count: Int64) {
    state.withLock { state in
      state.inFlight -= count
      state.resident? += count
      if state.surveyCount > 0 { state.committedMeanwhile += count }
    }
  }

  /// The reserved bytes did not come.
  package func cancel(_ count: Int64) { state.withLock { $0.inFlight -= count } }

  /// Ends a survey that left `resident` bytes at `now`; a futile one is not repeated at once.
  fileprivate func finishSurvey(resident: Int64, isFutile: Bool, now: UInt64) {
    state.withLock { state in
      state.resident = resident + state.committedMeanwhile
      state.surveyCount -= 1
      state.quietUntil = isFutile ? now &+ Self.quietTime : 0
    }
  }

  /// Ends a survey that found nothing out.
  fileprivate func dropSurvey() { state.withLock { $0.surveyCount -= 1 } }

  /// Bytes of fills on their way.
  package var inFlight: Int64 { state.withLock { $0.inFlight } }
}

/// The right and duty to count what a directory holds.
package struct QuotaSurvey: ~Copyable {
  /// The account it is for.
  package let account: QuotaAccount

  private var isFinished = false

  fileprivate init(of account: QuotaAccount) { self.account = account }

  deinit { if !isFinished { account.dropSurvey() } }

  /// Ends the survey, which left `resident` bytes, at `now` (monotonic nanoseconds).
  ///
  /// A futile one, which was to free some and could not, is not repeated at once.
  package consuming func finish(resident: Int64, isFutile: Bool, now: UInt64) {
    isFinished = true
    account.finishSurvey(resident: resident, isFutile: isFutile, now: now)
  }
}

/// A survey on its way to the thread that does it; given up when nobody takes it.
package final class HeldSurvey: Sendable {
  private let held: Mutex<QuotaSurvey?>

  /// Holds `survey`.
  package init(_ survey: consuming sending QuotaSurvey) { held = Mutex(survey) }

  /// Hands the survey over, once.
  package func take() -> QuotaSurvey? { held.withLock { $0.take() } }
}
