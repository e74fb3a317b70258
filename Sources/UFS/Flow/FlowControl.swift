// Flow control of a process: one core behind one lock, held for nanoseconds, and the tasks that wait for it.
//
//   enter ─▶ lock ─▶ open? ─yes─▶ pass                 (no thread changes, nothing allocated)
//                      └─no─▶ queue ─▶ suspend ◀─resume─ finish of another pass · deadline · cancel · close
//
// Whoever ends a request settles the waiters that may go and resumes each on its own ring. Time wakes one task that looks
// after deadlines, pauses and bandwidth for everyone.

import Glibc
import HTTPWire
import Ring
import Synchronization

/// Decides when remote requests may go; one per process.
package final class FlowControl: Sendable {
  let core: Mutex<FlowCore>
  let clock: FlowClock
  let limits: FlowLimits
  /// When the earliest look at the clock is due.
  private let wakeTime = Mutex<UInt64>(.max)
  /// The ring of the last that had to wait: it tells the time to those who end requests on no ring.
  private let ring = Mutex(Home())

  private struct Home { weak var reactor: Reactor? }

  /// Flow control with `limits`; `seed` is that of the jitter of pauses.
  package init(
    limits: FlowLimits = FlowLimits(), clock: FlowClock = .ring, seed: UInt64? = nil
  ) {
    var generator = SystemRandomNumberGenerator()
    core = Mutex(FlowCore(limits: limits, seed: seed ?? generator.next()))
    self.clock = clock
    self.limits = limits
  }

  /// The gate of requests from `mount` to `host`.
  ///
  /// Gates of one `scope` (the host unless it is named: a bucket, say) share windows and retry budget. The first call for
  /// a mount sets its bounds; the same names give the same gate.
  package func gate(
    mount: String, host: String, scope: String? = nil, options: FlowOptions = FlowOptions()
  ) -> FlowGate {
    let key = FlowGateKey(mount: mount, host: host, scope: scope ?? host)
    let lane = core.withLock { $0.gate(key, options) }
    return FlowGate(control: self, firstLane: lane, options: options)
  }

  /// The flow of requests for the file at `path`, whoever makes them.
  package static func flow(of path: String) -> UInt64 {
    // FNV-1a: turns need no more of it than that files seldom share one.
    path.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// What happened, by mount and verb.
  package var statistics: [FlowStatistics] { core.withLock { $0.statistics() } }

  /// Requests in flight, all mounts together.
  package var inFlightCount: Int { core.withLock { $0.process.total } }

  /// Sends all waiters away; whoever comes later is refused.
  package func close() {
    for waiter in core.withLock({ $0.close() }) { waiter.resume() }
  }

  // MARK: Waiting

  /// Waits for a turn.
  ///
  /// - Throws: `.unavailable` when the deadline passes, the task is cancelled or the worker stops.
  func enter(
    lane: Int, purpose: UFSPurpose, flow: UInt64, bytes: Int64, deadline: UInt64
  ) async throws(UFSError) -> FlowTicket {
    let now = clock.now()
    let deadline = min(deadline, UFSDeadline.current)
    guard now < deadline else {
      throw UFSError(core.withLock { $0.refusal(lane, .deadline) })
    }
    if let round = core.withLock({ $0.enter(lane, purpose, bytes: bytes, now: now) }) {
      return FlowTicket(lane: lane, purpose: purpose, bytes: bytes, sentAt: now, round: round)
    }
    let waiter = FlowWaiter(lane: lane, purpose: purpose, bytes: bytes, deadline: deadline)
    try admit(waiter, flow: flow)
    pump()
    await wait(for: waiter)
    let left = clock.now()
    let verdict = core.withLock { core in
      core.lanes[lane].counts.waitTime += left > now ? left - now : 0
      return waiter.verdict
    }
    switch verdict {
    case .granted(let round):
      return FlowTicket(lane: lane, purpose: purpose, bytes: bytes, sentAt: left, round: round)
    case .refused(let refusal): throw UFSError(refusal)
    case .waiting: preconditionFailure("a waiter that is resumed has a verdict")
    }
  }

  private func admit(_ waiter: FlowWaiter, flow: UInt64) throws(UFSError) {
    if let reactor = Reactor.current { ring.withLock { $0.reactor = reactor } }
    let now = clock.now()
    let refusal = core.withLock { core in
      core.add(waiter, flow: flow, now: now).map { core.refusal(waiter.lane, $0) }
    }
    if let refusal { throw UFSError(refusal) }
  }

  private func wait(for waiter: FlowWaiter) async {
    await withTaskCancellationHandler {
      await unsafe withUnsafeContinuation { continuation in
        let suspends = core.withLock { _ in unsafe waiter.suspend(continuation) }
        if !suspends { unsafe continuation.resume() }
      }
    } onCancel: {
      let left = core.withLock { core in
        guard waiter.isWaiting else { return false }
        core.leave(waiter, .cancelled)
        return true
      }
      if left { waiter.resume() }
    }
  }

  // MARK: Ends

  /// Nanoseconds that a store has to answer before its silence counts.
  private static let trialMin: UInt64 = 1_000_000_000

  /// Gives the slots of a request back.
  func finish(_ ticket: FlowTicket, _ outcome: FlowOutcome) {
    let now = clock.now()
    var outcome = outcome
    // Cut short by whoever asked: that says nothing of a store that had hardly a second.
    if outcome == .timeout, now >= UFSDeadline.current, now &- ticket.sentAt < Self.trialMin {
      outcome = .failed
    }
    let (settled, next) = core.withLock { core in
      core.finish(ticket, outcome, now: now)
      return core.pump(now)
    }
    resume(settled, next)
  }

  /// A request got the first byte of a good answer.
  func answer(_ ticket: FlowTicket) {
    let now = clock.now()
    let (settled, next) = core.withLock { core in
      core.answer(
        ticket.lane, sent: ticket.round, latency: now > ticket.sentAt ? now - ticket.sentAt : 0,
        now: now)
      return core.pump(now)
    }
    resume(settled, next)
  }

  /// Gives the slots of a stream back that nobody reads now.
  func rest(_ ticket: FlowTicket) {
    let now = clock.now()
    let (settled, next) = core.withLock { core in
      core.give(ticket.lane, ticket.purpose)
      return core.pump(now)
    }
    resume(settled, next)
  }

  /// Takes slots for a stream that goes on, free or not.
  func wake(_ ticket: FlowTicket) {
    core.withLock { $0.take(ticket.lane, ticket.purpose) }
  }

  private func pump() {
    let now = clock.now()
    let (settled, next) = core.withLock { $0.pump(now) }
    resume(settled, next)
  }

  private func resume(_ settled: [FlowWaiter], _ next: UInt64?) {
    for waiter in settled { waiter.resume() }
    guard let next else { return }
    let isEarlier = wakeTime.withLock { time in
      guard next < time else { return false }
      time = next
      return true
    }
    guard isEarlier else { return }
    clock.wake(next, ring.withLock { $0.reactor }) { [weak self] passed in
      guard let self else { return }
      // A later look may have been overtaken by an earlier one, which looked ahead itself.
      self.wakeTime.withLock { if $0 == next { $0 = .max } }
      if passed { self.pump() }
    }
  }
}

extension UFSError {
  /// The error for a request that was not let through.
  init(_ refusal: FlowRefusal) {
    self.init(.unavailable, operation: "ufs.flow", path: refusal.mount, cause: .flow(refusal))
  }

  /// Whether asking again at once would end alike: a request refused a turn, a certificate that cannot be trusted, a client
  /// that stops.
  var isLasting: Bool {
    switch cause {
    case .flow: true
    case .http(let error): error.code == .certificate || error.code == .stopped
    case .errno, .rule, .status, .hdfs, .store: false
    }
  }

  /// Whether whoever asked gave it up: its client left, or the worker stops.
  package var isGivenUp: Bool {
    switch cause {
    case .http(let error): error.code == .stopped
    case .errno(let number): number == ECANCELED
    case .flow(let refusal): refusal.reason == .cancelled
    case .rule, .status, .hdfs, .store: false
    }
  }

  /// Whether the store said that the bucket of the mount is not there.
  var isMisdirected: Bool {
    guard case .store(_, let word) = cause else { return false }
    return hasBytePrefix(word, "NoSuchBucket")
  }

  /// Whether no answer came in time.
  package var isTimeout: Bool {
    switch cause {
    case .errno(let number): number == ETIMEDOUT
    case .http(let error): error.code == .timeout
    case .rule, .status, .flow, .hdfs, .store: false
    }
  }
}
