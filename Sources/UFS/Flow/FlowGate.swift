// Where requests of one mount to one host wait for their turn.

import Model
import Ring
import Synchronization

/// The gate of one (mount, host, bucket).
package final class FlowGate: Sendable {
  let control: FlowControl
  private let firstLane: Int
  let options: FlowOptions

  init(control: FlowControl, firstLane: Int, options: FlowOptions) {
    self.control = control
    self.firstLane = firstLane
    self.options = options
  }

  func lane(_ verb: FlowVerb) -> Int { firstLane + Int(verb.rawValue) }

  /// Waits for the turn of a request.
  ///
  /// `flow` names the file or job it belongs to: flows take turns. `bytes` are charged to the mount's bandwidth at once;
  /// a stream says 0 and paces itself (`FlowPass.pace`). Suspends only when it has to wait. The pass must be finished.
  ///
  /// - Throws: `.unavailable` when `deadline` (`reactor.now`) passes first, the task is cancelled or the worker stops.
  package func enter(
    _ verb: FlowVerb, purpose: UFSPurpose, flow: UInt64 = 0, bytes: Int64 = 0,
    deadline: UInt64 = .max
  ) async throws(UFSError) -> FlowPass {
    FlowPass(
      control: control,
      ticket: try await control.enter(
        lane: lane(verb), purpose: purpose, flow: flow, bytes: bytes, deadline: deadline))
  }

  /// How long to wait before an operation whose attempt number `attempt` (from 1) failed with `error` is tried again.
  ///
  /// Nil when the error is final, attempts or budget are used up, or the pause would end after `deadline`. Each answer
  /// other than nil is paid for: do try. `previous` is the pause before this attempt.
  package func retry(
    _ verb: FlowVerb, for purpose: UFSPurpose, after error: UFSError, attempt: Int,
    previous: Duration = .zero,
    retryAfter: Duration? = nil, deadline: UInt64 = .max
  ) -> Duration? {
    if error.isLasting { return nil }
    guard error.retry != .never, !Task.isCancelled else { return nil }
    let now = control.clock.now()
    let deadline = min(deadline, UFSDeadline.current)
    guard now < deadline else { return nil }
    let asked = min(retryAfter ?? .zero, control.limits.retryAfterMax).nanoseconds
    guard deadline == .max || asked < deadline - now else { return nil }
    let delay = control.core.withLock { core in
      core.retryDelay(
        lane(verb), purpose, attempt: attempt,
        attemptMax: options.attemptCountMax ?? control.limits.attemptCountMax,
        previous: previous.nanoseconds, retryAfter: retryAfter, now: now)
    }
    guard let delay else { return nil }
    // A pause that would end too late is cut, not the attempt that was paid for.
    let left = deadline == .max ? delay : min(delay, (deadline - now) / 2)
    return .nanoseconds(Int64(clamping: max(left, asked)))
  }

  /// After how long without a first byte a second request is worth while; nil when hedging is off or too little is known.
  package func hedgeDelay(_ verb: FlowVerb) -> Duration? {
    guard let percentile = options.hedgePercentile else { return nil }
    return control.core.withLock { $0.hedgeDelay(lane(verb), percentile: percentile) }
      .map { .nanoseconds(Int64(clamping: $0)) }
  }

  /// The right to send the second request of a hedge; nil when the retry budget is empty or the store is busy.
  ///
  /// Never waits.
  package func beginHedge(_ verb: FlowVerb, purpose: UFSPurpose) -> FlowPass? {
    let now = control.clock.now()
    let lane = lane(verb)
    guard let round = control.core.withLock({ $0.beginHedge(lane, purpose, now: now) }) else {
      return nil
    }
    var ticket = FlowTicket(lane: lane, purpose: purpose, bytes: 0, sentAt: now, round: round)
    ticket.isHedge = true
    return FlowPass(control: control, ticket: ticket)
  }
}
