import DaemonDriver
import Testing

@testable import UFS

private let ms: UInt64 = 1_000_000
private let second: UInt64 = 1_000_000_000

@Suite struct FlowWindowTests {
  @Test("a window bounds nothing until the store first says no")
  func startsOpen() {
    var window = FlowWindow()
    for _ in 0..<10_000 {
      #expect(window.admits(0))
      window.take()
    }
    for _ in 0..<10_000 {
      window.succeed(sent: 0, now: second, isBounding: false, ceiling: 2048)
      window.give()
    }
    #expect(window.limit == .max)
  }

  @Test("failures of one round trip shrink the window once, by half if all fail")
  func oncePerRoundTrip() {
    var window = FlowWindow()
    for _ in 0..<100 { window.take() }
    for _ in 0..<100 {
      window.throttle(sent: 0, now: second, retryAfter: 0)
      window.give()
    }
    // An eighth of refusals suffices; the rest are of a round that is over.
    #expect(window.limit == 50)
    let round = window.round
    for _ in 0..<50 { window.take() }
    for _ in 0..<6 { window.throttle(sent: round, now: 2 * second, retryAfter: 0) }
    #expect(window.limit == 25)
  }

  @Test(
    "the window never falls below one, and a store that refuses even that is asked at most about once a second"
  )
  func floor() {
    var window = FlowWindow()
    var now = second
    var probes = 0
    while now < 31 * second {
      if window.admits(now) {
        probes += 1
        window.take()
        now += ms
        window.throttle(sent: window.round, now: now, retryAfter: 0)
        window.give()
      } else {
        now = window.pausedUntil
      }
      #expect(window.limit >= 1)
    }
    #expect(probes < 40)
  }

  @Test("a pause that a store asks for holds everyone back for two seconds at most")
  func boundedPause() {
    var window = FlowWindow()
    window.take()
    while window.limit > 1 { window.throttle(sent: window.round, now: second, retryAfter: 0) }
    window.throttle(sent: window.round, now: second, retryAfter: 3600 * second)
    #expect(window.pausedUntil <= 3 * second)
    #expect(window.pausedUntil > second)
  }

  @Test(
    "after a storm the window doubles from the first success up to what the storm left, then adds")
  func slowStart() {
    var window = FlowWindow()
    var now = second
    for _ in 0..<256 { window.take() }
    for _ in 0..<256 { window.throttle(sent: 0, now: now, retryAfter: 0) }
    for _ in 0..<256 { window.give() }
    #expect(window.limit == 128)
    while window.limit > 1 {
      now += ms
      window.throttle(sent: window.round, now: now, retryAfter: 0)
    }
    // Ten milliseconds a round trip: the calm of a second does not come into it.
    var roundTrips = 0
    while window.limit < 128 {
      roundTrips += 1
      now += 10 * ms
      for _ in 0..<window.limit {
        window.succeed(sent: window.round, now: now, isBounding: true, ceiling: 2048)
      }
    }
    #expect((7...8).contains(roundTrips))
    for _ in 0..<window.limit {
      window.succeed(sent: window.round, now: now + 10 * ms, isBounding: true, ceiling: 2048)
    }
    #expect((128...130).contains(window.limit))
  }

  @Test("a pause that a store asked for ends with a probe at once, and one success ends all pauses")
  func probe() {
    var core = FlowCore(limits: FlowLimits(), seed: 1)
    let lane = core.gate(FlowGateKey(mount: "/", host: "h", scope: "h"), FlowOptions())
    var now = second
    func ask() -> FlowWaiter {
      let waiter = FlowWaiter(lane: lane, purpose: .demand, bytes: 0, deadline: .max)
      _ = core.add(waiter, flow: 0, now: now)
      return waiter
    }
    while core.windows[Int(FlowVerb.get.rawValue)].limit > 1 {
      let round = core.windows[Int(FlowVerb.get.rawValue)].round
      core.windows[Int(FlowVerb.get.rawValue)].throttle(sent: round, now: now, retryAfter: 0)
    }
    let round = core.windows[Int(FlowVerb.get.rawValue)].round
    core.windows[Int(FlowVerb.get.rawValue)].throttle(sent: round, now: now, retryAfter: second)
    let waiters = (0..<10).map { _ in ask() }
    let looked = core.pump(now)
    #expect(looked.settled.isEmpty)
    #expect(looked.next == now + second)
    now += second
    let probes = core.pump(now).settled
    #expect(probes.count == 1)
    guard case .granted(let sent)? = probes.first?.verdict else {
      Issue.record("the probe goes")
      return
    }
    let ticket = FlowTicket(lane: lane, purpose: .demand, bytes: 0, sentAt: now, round: sent)
    core.finish(ticket, .ok(bytes: 0), now: now + ms)
    let followers = core.pump(now + ms).settled.count
    #expect(followers == 2)
    #expect(waiters.count(where: \.isWaiting) == 7)
  }

  @Test("2048 reads at 200 ms are back at full rate within 5 s of the end of a storm of 20 s")
  func recovery() {
    let storm = 20 * second..<40 * second
    var simulation = FlowSimulation(clients: 2048, latency: 200 * ms, seed: 7) { now, _, _ in
      storm.contains(now) ? .throttled(retryAfter: nil) : .ok(bytes: 0)
    }
    simulation.run(until: 10 * second)
    let before = simulation.served
    simulation.run(until: 20 * second)
    let rate = simulation.served - before
    simulation.run(until: 40 * second)
    let wasted = simulation.throttled
    // Five halvings cost what is in flight; then one probe per pause.
    #expect(wasted < 3 * 2048)
    simulation.run(until: 45 * second)
    let recovered = simulation.served
    simulation.run(until: 55 * second)
    #expect(Double(simulation.served - recovered) >= 0.98 * Double(rate))
  }

  @Test("a store that bears a hundred requests at once gets about a hundred, and refuses few")
  func settlesAtCapacity() {
    var simulation = FlowSimulation(clients: 1000, latency: 50 * ms, seed: 11) { _, busy, _ in
      busy > 100 ? .throttled(retryAfter: nil) : .ok(bytes: 0)
    }
    simulation.run(until: 10 * second)
    let (served, throttled) = (simulation.served, simulation.throttled)
    simulation.run(until: 60 * second)
    let rate = Double(simulation.served - served) / 50
    // A hundred in flight, 52.5 ms each.
    #expect(rate > 0.8 * 100 / 0.0525)
    #expect(Double(simulation.throttled - throttled) < 0.1 * Double(simulation.served - served))
  }

  @Test("a store that refuses one request in ten at random is still asked several at once")
  func randomRefusals() {
    var simulation = FlowSimulation(clients: 1000, latency: 10 * ms, seed: 13) { _, _, random in
      random.below(10) == 0 ? .throttled(retryAfter: nil) : .ok(bytes: 0)
    }
    simulation.run(until: 10 * second)
    let served = simulation.served
    simulation.run(until: 20 * second)
    // Six in flight on average, at 10.5 ms each; halving for each refusal would leave three.
    #expect(simulation.served - served > 6 * 950)
  }
}
