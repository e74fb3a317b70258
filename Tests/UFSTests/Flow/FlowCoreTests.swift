import Testing

@testable import UFS

/// A core with one gate, and what is in flight there.
private struct Gate {
  var core: FlowCore
  let lane: Int
  var flights: [FlowTicket] = []
  var waiters: [(waiter: FlowWaiter, flow: UInt64)] = []

  init(_ limits: FlowLimits = FlowLimits(), _ options: FlowOptions = FlowOptions()) {
    core = FlowCore(limits: limits, seed: 1)
    lane = core.gate(FlowGateKey(mount: "/", host: "h", scope: "h"), options)
  }

  mutating func ask(_ purpose: UFSPurpose, flow: UInt64 = 0, deadline: UInt64 = .max) {
    if let round = core.enter(lane, purpose, bytes: 0, now: 0) { return sent(purpose, round) }
    let waiter = FlowWaiter(lane: lane, purpose: purpose, bytes: 0, deadline: deadline)
    guard core.add(waiter, flow: flow, now: 0) == nil else { return }
    waiters.append((waiter, flow))
    _ = settle()
  }

  private mutating func sent(_ purpose: UFSPurpose, _ round: UInt32) {
    flights.append(FlowTicket(lane: lane, purpose: purpose, bytes: 0, sentAt: 0, round: round))
  }

  /// Ends the oldest request; says who goes in its place.
  mutating func next() -> (purpose: UFSPurpose, flow: UInt64)? {
    core.finish(flights.removeFirst(), .ok(bytes: 0), now: 0)
    return settle().first
  }

  private mutating func settle() -> [(purpose: UFSPurpose, flow: UInt64)] {
    core.pump(0).settled.compactMap { settled in
      guard case .granted(let round) = settled.verdict,
        let index = waiters.firstIndex(where: { $0.waiter === settled })
      else { return nil }
      sent(settled.purpose, round)
      return (settled.purpose, waiters.remove(at: index).flow)
    }
  }
}

@Suite struct FlowCoreTests {
  private func limits(_ count: Int) -> FlowLimits {
    var limits = FlowLimits()
    limits.countMax = count
    return limits
  }

  @Test("demand goes before read-ahead, read-ahead before loads, whoever came first")
  func priorities() {
    var gate = Gate(limits(1))
    gate.ask(.demand)
    gate.ask(.load)
    gate.ask(.readAhead)
    gate.ask(.demand)
    let order = (0..<3).map { _ in gate.next()?.purpose }
    #expect(order == [.demand, .readAhead, .load])
  }

  @Test("loads leave slots free for demand")
  func reserve() {
    var gate = Gate(limits(64))
    for _ in 0..<100 { gate.ask(.load) }
    #expect(gate.flights.count == 60)
    for _ in 0..<4 { gate.ask(.demand) }
    #expect(gate.flights.count == 64)
    gate.ask(.demand)
    #expect(gate.flights.count == 64)
  }

  @Test("a load that demand keeps passing over goes after sixteen times")
  func noStarvation() {
    var gate = Gate(limits(1))
    for _ in 0..<100 { gate.ask(.demand) }
    gate.ask(.load)
    var turn = 0
    while let next = gate.next(), next.purpose == .demand { turn += 1 }
    #expect((15...16).contains(turn))
  }

  @Test("a file with a thousand reads does not keep another file from its next read")
  func fairness() {
    var gate = Gate(limits(1))
    gate.ask(.load)
    for _ in 0..<1000 { gate.ask(.load, flow: 1) }
    for _ in 0..<3 { gate.ask(.load, flow: 2) }
    let flows = (0..<6).map { _ in gate.next()?.flow }
    #expect(flows.count(where: { $0 == 2 }) == 3)
  }

  @Test("mounts take turns for the process's slots")
  func mountsTakeTurns() {
    var core = FlowCore(limits: limits(1), seed: 1)
    let lanes = (0..<3).map {
      core.gate(FlowGateKey(mount: "/\($0)", host: "h\($0)", scope: "h\($0)"), FlowOptions())
    }
    let found1 = core.enter(lanes[0], .load, bytes: 0, now: 0)
    #expect(found1 != nil)
    for lane in lanes {
      for _ in 0..<4 {
        let waiter = FlowWaiter(lane: lane, purpose: .load, bytes: 0, deadline: .max)
        let found2 = core.add(waiter, flow: 0, now: 0)
        #expect(found2 == nil)
      }
    }
    var ticket = FlowTicket(lane: lanes[0], purpose: .load, bytes: 0, sentAt: 0, round: 0)
    var order: [Int] = []
    for _ in 0..<6 {
      core.finish(ticket, .ok(bytes: 0), now: 0)
      for waiter in core.pump(0).settled {
        order.append(waiter.lane)
        ticket = FlowTicket(lane: waiter.lane, purpose: .load, bytes: 0, sentAt: 0, round: 0)
      }
    }
    #expect(order == lanes + lanes)
  }

  @Test("a slow host's full window does not hold up another host")
  func noHeadOfLineBlocking() {
    var core = FlowCore(limits: limits(64), seed: 1)
    var options = FlowOptions()
    options.hostCountMax = 1
    let slow = core.gate(FlowGateKey(mount: "/", host: "slow", scope: "slow"), options)
    let fast = core.gate(FlowGateKey(mount: "/", host: "fast", scope: "fast"), FlowOptions())
    let found3 = core.enter(slow, .demand, bytes: 0, now: 0)
    #expect(found3 != nil)
    let found4 = core.enter(slow, .demand, bytes: 0, now: 0)
    #expect(found4 == nil)
    let waiter = FlowWaiter(lane: slow, purpose: .demand, bytes: 0, deadline: .max)
    let found5 = core.add(waiter, flow: 0, now: 0)
    #expect(found5 == nil)
    let found6 = core.enter(fast, .load, bytes: 0, now: 0)
    #expect(found6 != nil)
  }

  @Test("a mount's bandwidth lets the next request go when its bytes had their time")
  func bandwidth() {
    var options = FlowOptions()
    options.bandwidth = 1000
    var core = FlowCore(limits: limits(64), seed: 1)
    let lane = core.gate(FlowGateKey(mount: "/", host: "h", scope: "h"), options)
    let found7 = core.enter(lane, .demand, bytes: 500, now: 0)
    #expect(found7 != nil)
    let found8 = core.enter(lane, .demand, bytes: 500, now: 0)
    #expect(found8 == nil)
    let waiter = FlowWaiter(lane: lane, purpose: .demand, bytes: 500, deadline: .max)
    let found9 = core.add(waiter, flow: 0, now: 0)
    #expect(found9 == nil)
    let found10 = core.pump(0).next
    #expect(found10 == 500_000_000)
    let found11 = core.pump(499_999_999).settled.isEmpty
    #expect(found11)
    let found12 = core.pump(500_000_000).settled.count
    #expect(found12 == 1)
  }

  @Test("hosts beyond the bound of gates share one gate per mount")
  func gateBound() {
    var bounds = FlowLimits()
    bounds.gateCountMax = 10
    var core = FlowCore(limits: bounds, seed: 1)
    let lanes = (0..<1000).map {
      core.gate(FlowGateKey(mount: "/", host: "h\($0)", scope: "h\($0)"), FlowOptions())
    }
    #expect(Set(lanes).count == 11)
    #expect(core.lanes.count == 55)
  }
}
