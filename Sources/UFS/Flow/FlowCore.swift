// Who may send a remote request now: all the state of flow control, without clocks, locks or tasks.
//
//   lane = (gate, verb)         bounded by
//   ┌ demand    ─ file a ▸▸▸ ┐   process ─ 2048 slots
//   ┤ readAhead ─ file b ▸   ├─▶ mount ── slots per kind, bytes per second
//   └ load      ─ job c ▸▸   ┘   host ─── slots
//                               window ─ AIMD per (bucket or host, verb)
//
// A lane is *open* for a purpose when all of these admit it. After each change the most urgent waiter of an open lane goes;
// lanes of one purpose take turns, and within a lane flows do. A waiter that could have gone sixteen times goes next,
// however urgent the others are. Invariant between calls: nobody waits who could go, but for time having passed.

import Ring

/// The state of flow control.
struct FlowCore {
  /// Times that a waiter may be passed over by more urgent ones.
  static let passedOverMax = 16

  struct MountState {
    let name: String
    var line: MountLine?
    var latencies = [LatencyEstimate](
      repeating: LatencyEstimate(), count: FlowVerb.allCases.count)
  }

  let limits: FlowLimits
  var process: FlowPool
  var mounts: [MountState] = []
  /// Pools of mounts, one per kind each.
  var mountPools: [FlowPool] = []
  var hosts: [FlowPool] = []
  /// Names of buckets or hosts, each with a window per verb.
  var scopes: [String] = []
  var windows: [FlowWindow] = []
  /// Beside each window, whether anything is answered at all.
  var silences: [FlowSilence] = []
  /// And whether anything is served.
  var storms: [FlowStorm] = []
  var budgets: [RetryBudget] = []
  var lanes: [FlowLane] = []
  /// Lanes with waiters of a purpose, in the order of their turns.
  var turns = [[Int]](repeating: [], count: UFSPurpose.allCases.count)
  var waitingCount = 0
  var deadlines = DeadlineHeap()
  var random: UInt64
  var isClosed = false
  var mountIndexes: [String: Int] = [:]
  var hostIndexes: [String: Int] = [:]
  var scopeIndexes: [String: Int] = [:]
  /// First lane of each gate.
  var gates: [FlowGateKey: Int] = [:]

  /// A core without gates; `seed` is that of its jitter.
  init(limits: FlowLimits, seed: UInt64) {
    self.limits = limits
    process = FlowPool(limit: limits.countMax)
    random = seed
  }

  // MARK: Gates

  /// The first lane of a gate, made when it is new; its verbs' lanes follow each other.
  mutating func gate(_ key: FlowGateKey, _ options: FlowOptions) -> Int {
    if let lane = gates[key] { return lane }
    if gates.count >= limits.gateCountMax, !key.isShared {
      return gate(FlowGateKey(mount: key.mount, host: "", scope: ""), options)
    }
    let mount = mount(key.mount, options)
    let host = host(key.host, options)
    let scope = scope(key.scope)
    let first = lanes.count
    for verb in FlowVerb.allCases {
      lanes.append(FlowLane(verb: verb, mount: mount, host: host, scope: scope))
    }
    gates[key] = first
    return first
  }

  private mutating func mount(_ name: String, _ options: FlowOptions) -> Int {
    if let index = mountIndexes[name] { return index }
    let line = options.bandwidth.map { MountLine(bytesPerSecond: max(1, $0)) }
    mounts.append(MountState(name: name, line: line))
    for count in [options.readCountMax, options.writeCountMax, options.adminCountMax] {
      mountPools.append(FlowPool(limit: max(1, count ?? limits.countMax)))
    }
    mountIndexes[name] = mounts.count - 1
    return mounts.count - 1
  }

  private mutating func host(_ name: String, _ options: FlowOptions) -> Int {
    let limit = max(1, options.hostCountMax ?? limits.countMax)
    if let index = hostIndexes[name] {
      hosts[index].lowerLimit(to: limit)
      return index
    }
    hosts.append(FlowPool(limit: limit))
    hostIndexes[name] = hosts.count - 1
    return hosts.count - 1
  }

  private mutating func scope(_ name: String) -> Int {
    if let index = scopeIndexes[name] { return index }
    scopes.append(name)
    for _ in FlowVerb.allCases {
      windows.append(FlowWindow())
      silences.append(FlowSilence())
      storms.append(FlowStorm())
    }
    budgets.append(RetryBudget(limits))
    scopeIndexes[name] = scopes.count - 1
    return scopes.count - 1
  }

  // MARK: Entering

  /// Whether `lane` may send one more request for `purpose` at `now`.
  @inline(__always)
  func isOpen(_ lane: Int, _ purpose: UFSPurpose, _ now: UInt64) -> Bool {
    process.admits(purpose) && mountPools[lanes[lane].pool].admits(purpose)
      && hosts[lanes[lane].host].admits(purpose) && admits(lanes[lane].window, now)
      && (mounts[lanes[lane].mount].line?.free(for: purpose) ?? 0) <= now
  }

  /// Whether a window admits one more; a silent store is asked now and then, however many requests hang.
  @inline(__always)
  private func admits(_ window: Int, _ now: UInt64) -> Bool {
    silences[window].isSilent
      ? now >= silences[window].nextProbe : windows[window].admits(now)
  }

  /// Lets a request through at once, if nobody waits before it and `lane` is open.
  ///
  /// - Returns: The round it is sent in; nil when it has to wait.
  mutating func enter(
    _ lane: Int, _ purpose: UFSPurpose, bytes: Int64, now: UInt64
  ) -> UInt32? {
    if lanes[lane].waiting > 0 {
      for rank in 0...Int(purpose.rawValue) where lanes[lane].queues[rank].count > 0 { return nil }
    }
    guard !isClosed, isOpen(lane, purpose, now) else { return nil }
    return send(lane, purpose, bytes: bytes, now: now)
  }

  /// Adds a waiter, or says why it may not wait.
  mutating func add(_ waiter: FlowWaiter, flow: UInt64, now: UInt64) -> FlowRefusal.Reason? {
    if isClosed { return refuse(waiter.lane, .closed) }
    if waiter.purpose != .load, let reason = deafness(waiter.lane, now) {
      return refuse(waiter.lane, reason)
    }
    if waitingCount >= limits.waitingCountMax { return refuse(waiter.lane, .crowded) }
    let rank = Int(waiter.purpose.rawValue)
    if lanes[waiter.lane].queues[rank].count == 0 { turns[rank].append(waiter.lane) }
    lanes[waiter.lane].queues[rank].append(waiter, flow: flow)
    lanes[waiter.lane].waiting += 1
    waitingCount += 1
    deadlines.add(waiter, waiting: waitingCount)
    return nil
  }

  /// Why nobody should wait at a lane; nil while waiting helps.
  func deafness(_ lane: Int, _ now: UInt64) -> FlowRefusal.Reason? {
    let window = lanes[lane].window
    if silences[window].isSilent { return .silent }
    return storms[window].isFull(now) ? .storm : nil
  }

  private mutating func refuse(_ lane: Int, _ reason: FlowRefusal.Reason) -> FlowRefusal.Reason {
    lanes[lane].counts.refused += 1
    return reason
  }

  mutating func send(
    _ lane: Int, _ purpose: UFSPurpose, bytes: Int64, now: UInt64
  ) -> UInt32 {
    take(lane, purpose)
    lanes[lane].counts.sent += 1
    silences[lanes[lane].window].sent(now)
    if bytes > 0 { _ = mounts[lanes[lane].mount].line?.reserve(bytes, for: purpose, now: now) }
    return windows[lanes[lane].window].round
  }

  /// Takes a slot everywhere, free or not.
  mutating func take(_ lane: Int, _ purpose: UFSPurpose) {
    process.take(purpose)
    mountPools[lanes[lane].pool].take(purpose)
    hosts[lanes[lane].host].take(purpose)
    windows[lanes[lane].window].take()
    lanes[lane].inFlight += 1
  }

  /// Gives a slot back everywhere.
  mutating func give(_ lane: Int, _ purpose: UFSPurpose) {
    process.give(purpose)
    mountPools[lanes[lane].pool].give(purpose)
    hosts[lanes[lane].host].give(purpose)
    windows[lanes[lane].window].give()
    lanes[lane].inFlight -= 1
  }

  // MARK: Ends

  /// A request sent in round `sent` got the first byte of a good answer, `latency` after it was sent.
  mutating func answer(_ lane: Int, sent: UInt32, latency: UInt64, now: UInt64) {
    let (mount, verb) = (lanes[lane].mount, Int(lanes[lane].verb.rawValue))
    mounts[mount].latencies[verb].record(latency)
    silences[lanes[lane].window].answered()
    storms[lanes[lane].window].served()
    windows[lanes[lane].window].succeed(
      sent: sent, now: now, isBounding: lanes[lane].waiting > 0, ceiling: limits.countMax)
    budgets[lanes[lane].scope].deposit()
  }

  /// A request ended; its slots are free.
  ///
  /// `bytes` were reserved for it.
  mutating func finish(_ ticket: FlowTicket, _ outcome: FlowOutcome, now: UInt64) {
    let lane = ticket.lane
    switch outcome {
    case .ok(let bytes):
      lanes[lane].counts.answered += 1
      if !ticket.isAnswered {
        answer(lane, sent: ticket.round, latency: now &- ticket.sentAt, now: now)
      }
      if ticket.bytes > bytes { refund(ticket, ticket.bytes - max(0, bytes)) }
    case .throttled(let retryAfter):
      lanes[lane].counts.throttled += 1
      silences[lanes[lane].window].answered()
      storms[lanes[lane].window].refused(now)
      windows[lanes[lane].window].throttle(
        sent: ticket.round, now: now, retryAfter: retryAfter?.nanoseconds ?? 0)
      refund(ticket, ticket.bytes)
    case .timeout:
      lanes[lane].counts.timedOut += 1
      silences[lanes[lane].window].timedOut(now)
      windows[lanes[lane].window].throttle(sent: ticket.round, now: now, retryAfter: 0)
    case .unavailable: lanes[lane].counts.unavailable += 1
    case .misdirected:
      lanes[lane].counts.misdirected += 1
      silences[lanes[lane].window].answered()
    case .overtaken: overtake(ticket, now: now)
    case .failed: lanes[lane].counts.failed += 1
    }
    give(lane, ticket.purpose)
  }

  private mutating func refund(_ ticket: FlowTicket, _ bytes: Int64) {
    if bytes > 0 { mounts[lanes[ticket.lane].mount].line?.refund(bytes, for: ticket.purpose) }
  }

  /// Takes the line of a mount for `bytes` that a stream is about to receive; nanoseconds to wait for them, and what
  /// demand took so far.
  mutating func pace(_ ticket: FlowTicket, _ bytes: Int64, now: UInt64) -> (UInt64, mark: UInt64) {
    let mount = lanes[ticket.lane].mount
    let wait = mounts[mount].line?.reserve(bytes, for: ticket.purpose, now: now) ?? 0
    return (wait, mounts[mount].line?.overtaken ?? 0)
  }

  /// Nanoseconds that demand took of a mount's line since `mark`, and the mark of now.
  func overtaken(_ lane: Int, since mark: UInt64) -> (UInt64, mark: UInt64) {
    let now = mounts[lanes[lane].mount].line?.overtaken ?? mark
    return (now - mark, now)
  }
}

/// What a gate is found by.
struct FlowGateKey: Hashable {
  /// Alluxio path of the mount.
  let mount: String
  /// Host that the requests go to.
  let host: String
  /// Whose windows and budget they share: the host, or a bucket of it.
  let scope: String

  /// Whether it stands for all hosts that found no gate of their own.
  var isShared: Bool { host.isEmpty && scope.isEmpty }
}

/// What is known of a request in flight.
struct FlowTicket: Sendable {
  /// 0-based index of its lane.
  let lane: Int
  let purpose: UFSPurpose
  let bytes: Int64
  let sentAt: UInt64
  let round: UInt32
  var isAnswered = false
  /// Whether it is the second request for what another one was slow to bring.
  var isHedge = false
}
