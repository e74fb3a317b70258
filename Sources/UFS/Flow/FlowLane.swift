// One verb at one gate: who waits there, and what happened.

/// The state of one (gate, verb).
struct FlowLane {
  let verb: FlowVerb
  /// 0-based indexes of what bounds it.
  let mount: Int
  let host: Int
  let scope: Int
  /// Index of the pool of its mount that counts its verb.
  let pool: Int
  /// Index of its window.
  let window: Int
  /// Waiters, by purpose.
  var queues = [FlowQueue](repeating: FlowQueue(), count: UFSPurpose.allCases.count)
  var waiting = 0
  var inFlight = 0
  var counts = FlowCounts()

  /// A lane of its parts.
  init(verb: FlowVerb, mount: Int, host: Int, scope: Int) {
    self.verb = verb
    self.mount = mount
    self.host = host
    self.scope = scope
    pool = mount * FlowKind.allCases.count + verb.kind.rawValue
    window = scope * FlowVerb.allCases.count + Int(verb.rawValue)
  }
}

/// What happened in a lane since the start.
package struct FlowCounts: Sendable, Hashable {
  /// Requests let through, and how many of them had to wait.
  package var sent: UInt64 = 0
  package var waited: UInt64 = 0
  /// Requests by how they ended.
  package var answered: UInt64 = 0
  package var throttled: UInt64 = 0
  package var unavailable: UInt64 = 0
  package var timedOut: UInt64 = 0
  package var misdirected: UInt64 = 0
  package var failed: UInt64 = 0
  /// Requests that left without a turn.
  package var refused: UInt64 = 0
  /// Requests sent again, and those not sent again for want of budget.
  package var retried: UInt64 = 0
  package var retriesDenied: UInt64 = 0
  /// Second requests sent because the first was slow.
  package var hedged: UInt64 = 0
  /// Those of them that answered first.
  package var hedgesWon: UInt64 = 0
  /// Nanoseconds that requests waited.
  package var waitTime: UInt64 = 0

  /// Nothing happened.
  package init() {}

  /// Adds what happened elsewhere.
  mutating func add(_ other: FlowCounts) {
    sent += other.sent
    waited += other.waited
    answered += other.answered
    throttled += other.throttled
    unavailable += other.unavailable
    timedOut += other.timedOut
    misdirected += other.misdirected
    failed += other.failed
    refused += other.refused
    retried += other.retried
    retriesDenied += other.retriesDenied
    hedged += other.hedged
    hedgesWon += other.hedgesWon
    waitTime += other.waitTime
  }
}
