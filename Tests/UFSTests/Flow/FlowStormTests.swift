// Stores that refuse everything, and clients that are told so instead of queueing for one probe a second.

import Testing

@testable import UFS

private let second: UInt64 = 1_000_000_000

@Suite("Storms of refusals")
struct FlowStormTests {
  /// A core with one gate whose store refuses everything.
  private struct Gate {
    var core = FlowCore(limits: FlowLimits(), seed: 1)
    let lane: Int
    var now = second

    init() {
      lane = core.gate(FlowGateKey(mount: "/m", host: "h", scope: "h"), FlowOptions())
    }

    mutating func enter(_ purpose: UFSPurpose = .demand) -> FlowTicket? {
      core.enter(lane, purpose, bytes: 0, now: now).map {
        FlowTicket(lane: lane, purpose: purpose, bytes: 0, sentAt: now, round: $0)
      }
    }

    mutating func wait(_ purpose: UFSPurpose) -> (FlowWaiter, FlowRefusal.Reason?) {
      let waiter = FlowWaiter(lane: lane, purpose: purpose, bytes: 0, deadline: .max)
      return (waiter, core.add(waiter, flow: 0, now: now))
    }

    mutating func retry(_ purpose: UFSPurpose) -> UInt64? {
      core.retryDelay(
        lane, purpose, attempt: 1, attemptMax: 6, previous: 0, retryAfter: nil, now: now)
    }

    /// Has whatever goes refused until `time`.
    mutating func refuse(until time: UInt64) {
      while now < time {
        while let ticket = enter() {
          core.finish(ticket, .throttled(retryAfter: nil), now: now)
        }
        now += second / 20
      }
    }
  }

  @Test(
    "for three seconds requests wait and are repeated, then clients are told; loads have the time")
  func opens() {
    var gate = Gate()
    let start = gate.now
    gate.refuse(until: start + FlowStorm.timeMin - second / 2)
    let (client, none) = gate.wait(.demand)
    #expect(none == nil)
    #expect(gate.retry(.demand) != nil)
    gate.now = start + FlowStorm.timeMin + second
    let told = gate.core.pump(gate.now).settled
    #expect(told.contains { $0 === client })
    guard case .refused(let refusal) = client.verdict else {
      Issue.record("who waits is told")
      return
    }
    #expect(refusal.reason == .storm)
    #expect(gate.wait(.readAhead).1 == .storm)
    #expect(gate.retry(.demand) == nil)
    let (load, waits) = gate.wait(.load)
    #expect(waits == nil && load.isWaiting)
    #expect(gate.retry(.load) != nil)
  }

  @Test("a probe goes about once a second, and the first success ends the storm")
  func ends() {
    var gate = Gate()
    gate.refuse(until: gate.now + 10 * second)
    var probes = 0
    for _ in 0..<100 {
      gate.now += second / 10
      guard let ticket = gate.enter() else { continue }
      probes += 1
      gate.core.finish(ticket, .throttled(retryAfter: nil), now: gate.now)
    }
    #expect((8...11).contains(probes), "\(probes)")
    gate.now += 2 * second
    guard let ticket = gate.enter() else {
      Issue.record("the probe goes")
      return
    }
    gate.core.finish(ticket, .ok(bytes: 0), now: gate.now)
    #expect(gate.retry(.demand) != nil)
    var held: [FlowTicket] = []
    while let ticket = gate.enter() { held.append(ticket) }
    #expect(!held.isEmpty)
    #expect(gate.wait(.demand).1 == nil, "clients wait again for what is served")
  }

  @Test("a store that serves a part is no storm, however much it refuses")
  func partial() {
    var gate = Gate()
    for number in 0..<2000 {
      gate.now += second / 100
      guard let ticket = gate.enter() else { continue }
      let outcome: FlowOutcome = number % 50 == 0 ? .ok(bytes: 0) : .throttled(retryAfter: nil)
      gate.core.finish(ticket, outcome, now: gate.now)
      if let reason = gate.wait(.demand).1 { #expect(reason != .storm) }
      _ = gate.core.pump(gate.now)
    }
  }
}
