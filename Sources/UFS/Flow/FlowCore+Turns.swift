// Whose turn it is.

extension FlowCore {
  /// Lets everyone go who can, and everyone whose deadline passed leave.
  ///
  /// - Returns: The waiters that have a verdict now, to be resumed; and when to look again if nothing happens.
  mutating func pump(_ now: UInt64) -> (settled: [FlowWaiter], next: UInt64?) {
    guard waitingCount > 0 else { return ([], nil) }
    var settled: [FlowWaiter] = []
    while let waiter = deadlines.popDue(now) {
      guard waiter.isWaiting else { continue }
      leave(waiter, .deadline)
      settled.append(waiter)
    }
    settled += leaveDeaf(now)
    while let (lane, rank) = nextTurn(now) {
      guard let waiter = popFirst(lane, rank) else { break }
      let round = send(lane, waiter.purpose, bytes: waiter.bytes, now: now)
      lanes[lane].counts.waited += 1
      waiter.verdict = .granted(round: round)
      settled.append(waiter)
    }
    return (settled, nextLook(now))
  }

  /// Sends those away who would wait for a store that does not answer, or refuses everything; loads have the time.
  private mutating func leaveDeaf(_ now: UInt64) -> [FlowWaiter] {
    var settled: [FlowWaiter] = []
    for purpose in [UFSPurpose.demand, .readAhead] {
      let rank = Int(purpose.rawValue)
      for lane in turns[rank] {
        guard let reason = deafness(lane, now) else { continue }
        while let waiter = lanes[lane].queues[rank].first {
          leave(waiter, reason)
          settled.append(waiter)
        }
      }
    }
    return settled
  }

  /// The lane and purpose to serve next; nil when no waiter can go.
  private mutating func nextTurn(_ now: UInt64) -> (lane: Int, rank: Int)? {
    guard waitingCount > 0, process.admits(.demand) else { return nil }
    var urgent: (lane: Int, rank: Int)?
    var starved: (lane: Int, rank: Int)?
    for purpose in UFSPurpose.allCases {
      let rank = Int(purpose.rawValue)
      for lane in turns[rank] where isOpen(lane, purpose, now) {
        guard let first = urgent else {
          urgent = (lane, rank)
          continue
        }
        guard first.rank < rank else { break }
        lanes[lane].queues[rank].passedOver += 1
        if starved == nil, lanes[lane].queues[rank].passedOver >= Self.passedOverMax {
          starved = (lane, rank)
        }
      }
    }
    return starved ?? urgent
  }

  private mutating func popFirst(_ lane: Int, _ rank: Int) -> FlowWaiter? {
    guard let waiter = lanes[lane].queues[rank].popFirst() else { return nil }
    lanes[lane].queues[rank].passedOver = 0
    lanes[lane].waiting -= 1
    waitingCount -= 1
    turns[rank].removeAll { $0 == lane }
    if lanes[lane].queues[rank].count > 0 { turns[rank].append(lane) }
    return waiter
  }

  /// Takes a waiter out that gives up.
  mutating func leave(_ waiter: FlowWaiter, _ reason: FlowRefusal.Reason) {
    guard waiter.isWaiting else { return }
    let (lane, rank) = (waiter.lane, Int(waiter.purpose.rawValue))
    lanes[lane].queues[rank].remove(waiter)
    lanes[lane].waiting -= 1
    lanes[lane].counts.refused += 1
    waitingCount -= 1
    if lanes[lane].queues[rank].count == 0 { turns[rank].removeAll { $0 == lane } }
    waiter.verdict = .refused(refusal(lane, reason))
  }

  /// Sends everyone away, for good.
  mutating func close() -> [FlowWaiter] {
    isClosed = true
    var settled: [FlowWaiter] = []
    for rank in turns.indices {
      for lane in turns[rank] {
        while let waiter = lanes[lane].queues[rank].first {
          leave(waiter, .closed)
          settled.append(waiter)
        }
      }
    }
    return settled
  }

  /// What is said of a request that is not let through.
  func refusal(_ lane: Int, _ reason: FlowRefusal.Reason) -> FlowRefusal {
    let state = lanes[lane]
    return FlowRefusal(
      reason: reason, mount: mounts[state.mount].name, scope: scopes[state.scope],
      verb: state.verb, inFlight: state.inFlight, waiting: state.waiting)
  }

  /// The next moment at which time alone lets somebody go, or sends somebody away.
  private func nextLook(_ now: UInt64) -> UInt64? {
    guard waitingCount > 0 else { return nil }
    var next = deadlines.earliest ?? .max
    for purpose in UFSPurpose.allCases {
      for lane in turns[Int(purpose.rawValue)] {
        let (window, silence) = (windows[lanes[lane].window], silences[lanes[lane].window])
        let free = max(
          mounts[lanes[lane].mount].line?.free(for: purpose) ?? 0,
          silence.isSilent ? silence.nextProbe : window.pausedUntil)
        if free > now { next = min(next, free) }
      }
    }
    return next == .max ? nil : next
  }
}
