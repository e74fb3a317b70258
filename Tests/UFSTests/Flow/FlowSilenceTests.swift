// Stores that do not answer, and requests that do not queue behind them.

import Model
import Ring
import Synchronization
import Testing

@testable import UFS

private let second: UInt64 = 1_000_000_000

@Suite("Silent stores")
struct FlowSilenceTests {
  /// A core with one gate.
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

    /// Lets three requests time out, which `hanging` others do not.
    mutating func fallSilent(hanging: Int) -> [FlowTicket] {
      let tickets = (0..<hanging + 3).compactMap { _ in enter() }
      for ticket in tickets.prefix(3) { core.finish(ticket, .timeout, now: now) }
      return Array(tickets.dropFirst(3))
    }
  }

  @Test("after three time-outs in a row one request a second goes, and others are told at once")
  func opens() {
    var gate = Gate()
    let hanging = gate.fallSilent(hanging: 37)
    #expect(hanging.count == 37)
    #expect(gate.enter() == nil)
    #expect(gate.wait(.demand).1 == .silent)
    #expect(gate.wait(.readAhead).1 == .silent)
    var probes = 0
    for _ in 0..<100 {
      gate.now += second / 10
      if gate.enter() != nil { probes += 1 }
      #expect(gate.enter() == nil)
    }
    #expect((9...10).contains(probes), "however many others hang")
  }

  @Test("any answer ends the silence, be it to an old request or a refusal")
  func ends() {
    for outcome in [FlowOutcome.ok(bytes: 0), .throttled(retryAfter: nil)] {
      var gate = Gate()
      let hanging = gate.fallSilent(hanging: 1)
      gate.core.finish(hanging[0], outcome, now: gate.now)
      #expect(gate.enter() != nil)
      #expect(gate.enter() != nil)
    }
    var gate = Gate()
    for _ in 0..<20 {
      for outcome in [FlowOutcome.timeout, .timeout, .ok(bytes: 0)] {
        guard let ticket = gate.enter() else { continue }
        gate.core.finish(ticket, outcome, now: gate.now)
      }
    }
    #expect(!gate.core.silences[gate.core.lanes[gate.lane].window].isSilent)
  }

  @Test("clients that wait when the silence begins are told, loads wait for their turn to ask")
  func waiters() {
    var gate = Gate()
    gate.core.process.lowerLimit(to: 3)
    let tickets = (0..<3).compactMap { _ in gate.enter() }
    #expect(tickets.count == 3)
    let (client, load) = (gate.wait(.demand), gate.wait(.load))
    #expect(client.1 == nil && load.1 == nil)
    for ticket in tickets { gate.core.finish(ticket, .timeout, now: gate.now) }
    let (settled, next) = gate.core.pump(gate.now)
    #expect(settled.count == 1 && settled.first === client.0)
    guard case .refused(let refusal) = client.0.verdict else {
      Issue.record("the client is told")
      return
    }
    #expect(refusal.reason == .silent)
    #expect(refusal.description.contains("does not answer"))
    #expect(load.0.isWaiting)
    #expect(next == gate.now + FlowSilence.probeInterval)
    let later = gate.core.pump(gate.now + FlowSilence.probeInterval)
    #expect(later.settled.first === load.0)
    #expect(gate.core.waitingCount == 0)
  }

  @Test(
    "the deadline of a task bounds its wait, its retries and what it asks, and the earlier holds")
  func deadline() async throws {
    let error = try await Bench.run { () -> UFSError? in
      guard let reactor = Reactor.current else { return nil }
      var limits = FlowLimits()
      limits.countMax = 1
      let gate = FlowControl(limits: limits).gate(mount: "/m", host: "h")
      do throws(UFSError) {
        let held = try await gate.enter(.get, purpose: .demand)
        let start = reactor.now
        let outcome: UFSError?
        do throws(UFSError) {
          outcome = try await UFSDeadline.run(start + 20_000_000) {
            () async throws(UFSError) -> UFSError? in
            try await UFSDeadline.run(start + 60 * second) {
              () async throws(UFSError) -> UFSError? in
              #expect(UFSDeadline.current == start + 20_000_000)
              let pass = try await gate.enter(.get, purpose: .demand)
              pass.finish(.failed)
              return nil
            }
          }
        } catch { outcome = error }
        #expect(reactor.now - start < 50 * second, "the earlier one, not that of a minute")
        #expect(UFSDeadline.current == .max)
        held.finish(.ok(bytes: 0))
        let late = UFSError(
          .unavailable, operation: "test", path: "/", cause: .status(503))
        let retry = try await UFSDeadline.run(reactor.now) {
          () async throws(UFSError) -> Duration? in
          gate.retry(.get, for: .demand, after: late, attempt: 1)
        }
        #expect(retry == nil)
        return outcome
      } catch { return error }
    }
    guard case .flow(let refusal)? = error?.cause else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(refusal.reason == .deadline)
  }
}
