import DaemonDriver
import Glibc
import Testing

@testable import UFS

/// The seeds to run: SEED alone when it is set, else `count` fixed ones.
func seeds(_ count: Int) -> [UInt64] {
  if let text = getenv("SEED"), let seed = UInt64(String(cString: text)) { return [seed] }
  return (1...UInt64(count)).map { $0 &* 7919 }
}

/// A `FlowCore` beside a model that counts for itself.
private struct FlowModel {
  struct Flight {
    let ticket: FlowTicket
    let kind: FlowKind
    let mount: Int
    let host: Int
  }

  let limits: FlowLimits
  let options: [FlowOptions]
  var core: FlowCore
  var random: SeededRandom
  var now: UInt64 = 1
  var flights: [Flight] = []
  var waiting: [FlowWaiter] = []
  var gates: [(lane: Int, mount: Int, host: Int)] = []
  /// Grants to others since a waiter that could have gone was first seen.
  var (entered, granted, refused) = (0, 0, 0)

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    var limits = FlowLimits()
    limits.countMax = 1 + random.below(20)
    limits.waitingCountMax = 40
    self.limits = limits
    core = FlowCore(limits: limits, seed: seed)
    var options: [FlowOptions] = []
    for _ in 0..<3 {
      var option = FlowOptions()
      option.readCountMax = 1 + random.below(8)
      option.adminCountMax = 1 + random.below(4)
      option.hostCountMax = 1 + random.below(10)
      if random.below(2) == 0 { option.bandwidth = 1_000_000 }
      options.append(option)
    }
    self.options = options
    for mount in 0..<3 {
      for host in 0..<2 {
        let key = FlowGateKey(mount: "/m\(mount)", host: "h\(host)", scope: "s\(host)")
        gates.append((core.gate(key, options[mount]), mount, host))
      }
    }
  }

  func place(_ lane: Int) -> (kind: FlowKind, mount: Int, host: Int) {
    let gate = gates[lane / FlowVerb.allCases.count]
    return (core.lanes[lane].verb.kind, gate.mount, gate.host)
  }

  mutating func sent(_ lane: Int, _ purpose: UFSPurpose, _ bytes: Int64, _ round: UInt32) {
    let (kind, mount, host) = place(lane)
    let ticket = FlowTicket(lane: lane, purpose: purpose, bytes: bytes, sentAt: now, round: round)
    flights.append(Flight(ticket: ticket, kind: kind, mount: mount, host: host))
    granted += 1
  }

  mutating func pump() {
    for waiter in core.pump(now).settled {
      waiting.removeAll { $0 === waiter }
      switch waiter.verdict {
      case .granted(let round): sent(waiter.lane, waiter.purpose, waiter.bytes, round)
      case .refused: refused += 1
      case .waiting: Issue.record("a settled waiter has a verdict")
      }
    }
  }

  mutating func step() {
    now += random.next() % 20_000_000
    switch random.below(10) {
    case 0..<5: ask()
    case 5..<9: if !flights.isEmpty { end(random.below(flights.count)) }
    default:
      if !waiting.isEmpty {
        let waiter = waiting.remove(at: random.below(waiting.count))
        core.leave(waiter, .cancelled)
        refused += 1
      }
    }
    pump()
  }

  private mutating func ask() {
    let gate = gates[random.below(gates.count)].lane
    let lane = gate + random.below(FlowVerb.allCases.count)
    let purpose = UFSPurpose.allCases[random.below(3)]
    let bytes = Int64(random.below(3)) * 10_000
    entered += 1
    if let round = core.enter(lane, purpose, bytes: bytes, now: now) {
      return sent(lane, purpose, bytes, round)
    }
    let deadline = random.below(3) == 0 ? now + random.next() % 500_000_000 : .max
    let waiter = FlowWaiter(lane: lane, purpose: purpose, bytes: bytes, deadline: deadline)
    if core.add(waiter, flow: random.next() % 4, now: now) == nil {
      waiting.append(waiter)
    } else {
      refused += 1
    }
  }

  mutating func end(_ index: Int) {
    let flight = flights.remove(at: index)
    let outcome: FlowOutcome =
      switch random.below(8) {
      case 0: .throttled(retryAfter: random.below(2) == 0 ? .seconds(1) : nil)
      case 1: .timeout
      case 2: .unavailable
      case 3: .failed
      default: .ok(bytes: flight.ticket.bytes)
      }
    core.finish(flight.ticket, outcome, now: now)
  }

  func check(_ seed: UInt64) {
    #expect(flights.count <= limits.countMax, "SEED=\(seed)")
    #expect(core.process.total == flights.count, "SEED=\(seed)")
    for (mount, option) in options.enumerated() {
      let mine = flights.filter { $0.mount == mount }
      #expect(
        mine.count(where: { $0.kind == .read }) <= option.readCountMax ?? .max, "SEED=\(seed)")
      #expect(
        mine.count(where: { $0.kind == .admin }) <= option.adminCountMax ?? .max, "SEED=\(seed)")
    }
    for host in 0..<2 {
      let most = options.compactMap(\.hostCountMax).min() ?? .max
      #expect(flights.count(where: { $0.host == host }) <= most, "SEED=\(seed)")
    }
    #expect(core.waitingCount == waiting.count, "SEED=\(seed)")
    #expect(entered == granted + refused + waiting.count, "no waiter is lost: SEED=\(seed)")
    for waiter in waiting {
      #expect(
        !core.isOpen(waiter.lane, waiter.purpose, now), "nobody waits who could go: SEED=\(seed)")
      #expect(waiter.deadline > now, "nobody waits past a deadline: SEED=\(seed)")
    }
  }
}

@Suite struct FlowCoreModelTests {
  @Test("under random requests no bound is exceeded, nobody is lost and nobody waits who could go")
  func random() {
    for seed in seeds(40) {
      var model = FlowModel(seed: seed)
      for _ in 0..<600 {
        model.step()
        model.check(seed)
      }
      // At the end everyone gets through once time passes.
      for _ in 0..<10_000 where !(model.flights.isEmpty && model.waiting.isEmpty) {
        model.now += 100_000_000
        if !model.flights.isEmpty { model.end(0) }
        model.pump()
      }
      #expect(model.flights.isEmpty && model.waiting.isEmpty, "SEED=\(seed)")
      model.check(seed)
    }
  }
}
