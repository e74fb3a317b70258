// Clients and a store around a `FlowCore`, on simulated time.

import DaemonDriver

@testable import UFS

/// Closed-loop clients that ask a simulated store through flow control, event by event.
struct FlowSimulation {
  /// What the store does with a request that makes it serve `busy` at once.
  typealias Store = (_ now: UInt64, _ busy: Int, _ random: inout SeededRandom) -> FlowOutcome

  private struct Event {
    let time: UInt64
    let ticket: FlowTicket
    let outcome: FlowOutcome
  }

  var core: FlowCore
  var random: SeededRandom
  /// Requests sent, those served and those throttled.
  private(set) var sent = 0
  private(set) var served = 0
  private(set) var throttled = 0
  private(set) var busy = 0
  private(set) var now: UInt64 = 1_000_000_000
  private var events: [Event] = []
  private var wakeTime: UInt64 = .max
  private let lane: Int
  private let latency: UInt64
  private let store: Store
  /// When clients that were told to come back do, the first one first.
  private var away: [UInt64] = []
  /// What `Retry-After` tells them.
  private static let retryAfter: UInt64 = 1_000_000_000
  private var waiters: [ObjectIdentifier: FlowWaiter] = [:]

  /// `clients` that always want another read, from a store that answers after `latency` nanoseconds.
  init(
    clients: Int, latency: UInt64, seed: UInt64, limits: FlowLimits = FlowLimits(),
    store: @escaping Store
  ) {
    core = FlowCore(limits: limits, seed: seed)
    random = SeededRandom(seed: seed)
    lane = core.gate(FlowGateKey(mount: "/", host: "h", scope: "h"), FlowOptions())
    self.latency = latency
    self.store = store
    for _ in 0..<clients { ask() }
  }

  private mutating func ask() {
    if let round = core.enter(lane, .demand, bytes: 0, now: now) { return send(round) }
    let waiter = FlowWaiter(lane: lane, purpose: .demand, bytes: 0, deadline: .max)
    if let reason = core.add(waiter, flow: random.next() % 8, now: now) {
      precondition(reason == .storm, "there is room to wait")
      away.append(now + Self.retryAfter)
    } else {
      waiters[ObjectIdentifier(waiter)] = waiter
    }
  }

  private mutating func send(_ round: UInt32) {
    sent += 1
    let outcome = store(now, busy + 1, &random)
    let isServed = if case .ok = outcome { true } else { false }
    if isServed { busy += 1 }
    // A refusal is quicker than an answer.
    let time = isServed ? latency : latency / 4
    let ticket = FlowTicket(lane: lane, purpose: .demand, bytes: 0, sentAt: now, round: round)
    // Jitter of a tenth, so that round trips do not stay in step.
    insert(
      Event(
        time: now + time + random.next() % (time / 10 + 1), ticket: ticket, outcome: outcome))
  }

  private mutating func insert(_ event: Event) {
    var (low, high) = (0, events.count)
    while low < high {
      let middle = (low + high) / 2
      // Latest first: the next event is the last.
      if events[middle].time > event.time { low = middle + 1 } else { high = middle }
    }
    events.insert(event, at: low)
  }

  private mutating func pump() {
    let (settled, next) = core.pump(now)
    wakeTime = next ?? .max
    for waiter in settled {
      waiters[ObjectIdentifier(waiter)] = nil
      if case .granted(let round) = waiter.verdict {
        send(round)
      } else {
        away.append(now + Self.retryAfter)
      }
    }
  }

  /// Lets time pass until `end`.
  mutating func run(until end: UInt64) {
    pump()
    while true {
      let next = min(events.last?.time ?? .max, wakeTime, away.first ?? .max)
      guard next <= end else { break }
      now = max(now, next)
      let backCount = away.prefix { $0 <= now }.count
      away.removeFirst(backCount)
      for _ in 0..<backCount { ask() }
      if let event = events.last, event.time <= now {
        events.removeLast()
        core.finish(event.ticket, event.outcome, now: now)
        switch event.outcome {
        case .ok:
          served += 1
          busy -= 1
        case .throttled: throttled += 1
        default: break
        }
        ask()
      }
      pump()
    }
    now = end
  }
}
