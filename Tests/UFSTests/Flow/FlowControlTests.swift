import DaemonDriver
import Model
import Ring
import Synchronization
import Testing

@testable import UFS

/// A clock that passes only when someone sleeps on it, or when it is told to.
private final class TestClock: Sendable {
  let time = Mutex<UInt64>(1_000_000_000)
  let wakes = Mutex<[(at: UInt64, isHeard: Bool, body: @Sendable (Bool) -> Void)]>([])
  let slept = Mutex<[Duration]>([])

  var clock: FlowClock {
    FlowClock(
      now: { self.time.withLock { $0 } },
      sleep: { duration in
        self.slept.withLock { $0.append(duration) }
        self.time.withLock { $0 += duration.nanoseconds }
        return !Task.isCancelled
      },
      wake: { at, ring, body in
        let isHeard = (Reactor.current ?? ring) != nil
        self.wakes.withLock { $0.append((at, isHeard, body)) }
      })
  }

  /// As `clock`; time also jumps to whatever somebody waits for.
  var jumpingClock: FlowClock {
    let clock = clock
    return FlowClock(
      now: clock.now, sleep: clock.sleep,
      wake: { at, ring, body in
        (Reactor.current ?? ring)?.spawn {
          self.time.withLock { $0 = max($0, at) }
          body(true)
        }
      })
  }

  func advance(by duration: Duration) {
    let now = time.withLock { time in
      time += duration.nanoseconds
      return time
    }
    let due = wakes.withLock { wakes in
      let due = wakes.filter { $0.at <= now }
      wakes.removeAll { $0.at <= now }
      return due
    }
    for wake in due { wake.body(true) }
  }
}

/// Tasks inside, the most at once, and those that left.
private final class TaskCounts: Sendable {
  private let state = Mutex((inside: 0, most: 0, through: 0))

  var most: Int { state.withLock { $0.most } }
  var through: Int { state.withLock { $0.through } }

  func begin() {
    state.withLock { state in
      state.inside += 1
      state.most = max(state.most, state.inside)
    }
  }

  func end() {
    state.withLock { state in
      state.inside -= 1
      state.through += 1
    }
  }
}

private func control(_ count: Int, _ clock: TestClock) -> FlowControl {
  var limits = FlowLimits()
  limits.countMax = count
  return FlowControl(limits: limits, clock: clock.clock, seed: 42)
}

private func failure(_ code: UFSError.Code) -> UFSError {
  UFSError(code, operation: "test", path: "/x", cause: .status(503))
}

/// A pass that is ended elsewhere than where it was taken.
final class HeldPass: Sendable {
  private let pass: Mutex<FlowPass?>

  init(_ pass: consuming sending FlowPass) { self.pass = Mutex(.some(pass)) }

  func end() { pass.withLock { $0.take()?.finish(.ok(bytes: 0)) } }
}

/// Waits until `count` requests wait.
private func untilWaiting(_ control: FlowControl, _ count: Int) async {
  while control.statistics.reduce(0, { $0 + $1.waiting }) != count { await Task.yield() }
}

@Suite struct FlowControlTests {
  @Test("a request that waits leaves when its deadline passes, and the error names the gate")
  func deadline() async throws {
    let time = TestClock()
    let error = try await Bench.run { () -> UFSError? in
      let control = control(1, time)
      let gate = control.gate(mount: "/data", host: "store:9000")
      let held = try await gate.enter(.get, purpose: .demand)
      let deadline = time.time.withLock { $0 } + 5_000_000_000
      let waiter = Task(executorPreference: Reactor.current) { () -> UFSError? in
        do throws(UFSError) {
          let pass = try await gate.enter(.get, purpose: .demand, deadline: deadline)
          pass.finish(.failed)
          return nil
        } catch { return error }
      }
      await untilWaiting(control, 1)
      time.advance(by: .seconds(4))
      #expect(control.statistics[0].waiting == 1)
      time.advance(by: .seconds(1))
      let error = await waiter.value
      held.finish(.ok(bytes: 0))
      #expect(control.inFlightCount == 0)
      return error
    }
    #expect(error?.code == .unavailable)
    let text = error?.description ?? ""
    #expect(text.contains("deadline") && text.contains("/data") && text.contains("store:9000"))
    #expect(text.contains("get"))
  }

  @Test("a cancelled request leaves at once and takes no slot")
  func cancel() async throws {
    let time = TestClock()
    try await Bench.run {
      let control = control(1, time)
      let gate = control.gate(mount: "/", host: "h")
      let held = try await gate.enter(.get, purpose: .demand)
      let waiter = Task(executorPreference: Reactor.current) { () -> UFSError.Code? in
        do throws(UFSError) {
          let pass = try await gate.enter(.get, purpose: .load)
          pass.finish(.failed)
          return nil
        } catch { return error.code }
      }
      await untilWaiting(control, 1)
      waiter.cancel()
      #expect(await waiter.value == .unavailable)
      #expect(control.statistics[0].waiting == 0)
      held.finish(.ok(bytes: 0))
      let again = try await gate.enter(.get, purpose: .load)
      #expect(control.inFlightCount == 1)
      again.finish(.ok(bytes: 0))
    }
  }

  @Test("a pass that is dropped gives its slots back")
  func dropped() async throws {
    let time = TestClock()
    try await Bench.run {
      let control = control(1, time)
      let gate = control.gate(mount: "/", host: "h")
      do { _ = try await gate.enter(.get, purpose: .demand) }
      #expect(control.inFlightCount == 0)
      #expect(control.statistics[0].counts.failed == 1)
    }
  }

  @Test(
    "a stream that rests lets another request go, goes on without waiting, and gives back what it took"
  )
  func resting() async throws {
    let time = TestClock()
    try await Bench.run {
      let control = control(1, time)
      let gate = control.gate(mount: "/", host: "h")
      var stream = try await gate.enter(.get, purpose: .load)
      stream.rest()
      stream.rest()
      #expect(control.inFlightCount == 0)
      let other = try await gate.enter(.get, purpose: .demand)
      stream.wake()
      #expect(control.inFlightCount == 2)
      stream.rest()
      stream.finish(.ok(bytes: 1))
      other.finish(.ok(bytes: 1))
      #expect(control.inFlightCount == 0)
      do {
        var dropped = try await gate.enter(.get, purpose: .load)
        dropped.rest()
      }
      #expect(control.inFlightCount == 0)
    }
  }

  @Test("a closed control sends everyone away")
  func close() async throws {
    let time = TestClock()
    try await Bench.run {
      let control = control(1, time)
      let gate = control.gate(mount: "/", host: "h")
      let held = try await gate.enter(.get, purpose: .demand)
      let waiters = (0..<5).map { _ in
        Task(executorPreference: Reactor.current) { () -> Bool in
          do throws(UFSError) {
            let pass = try await gate.enter(.put, purpose: .load)
            pass.finish(.failed)
            return true
          } catch { return false }
        }
      }
      await untilWaiting(control, 5)
      control.close()
      for waiter in waiters { #expect(await waiter.value == false) }
      await #expect(throws: UFSError.self) {
        let pass = try await gate.enter(.get, purpose: .demand)
        pass.finish(.failed)
      }
      held.finish(.failed)
    }
  }

  @Test("ten thousand tasks on two rings share four slots: all get through, never five at once")
  func manyTasks() async throws {
    let group = try ReactorGroup(count: 2, pinned: false)
    var limits = FlowLimits()
    limits.countMax = 4
    let control = FlowControl(limits: limits)
    let gate = control.gate(mount: "/", host: "h")
    let counts = TaskCounts()
    await withTaskGroup(of: Void.self) { tasks in
      for index in 0..<10_000 {
        let purpose = UFSPurpose.allCases[index % 3]
        tasks.addTask(executorPreference: group.reactors[index % 2]) {
          do throws(UFSError) {
            let pass = try await gate.enter(.get, purpose: purpose, flow: UInt64(index % 7))
            counts.begin()
            await Task.yield()
            counts.end()
            pass.finish(.ok(bytes: 1))
          } catch { Issue.record(error) }
        }
      }
    }
    #expect(counts.most <= 4)
    #expect(counts.through == 10_000)
    #expect(control.inFlightCount == 0)
    group.stop()
  }

  @Test("cancelling waiters while others are served loses no slot")
  func cancelRace() async throws {
    let group = try ReactorGroup(count: 2, pinned: false)
    var limits = FlowLimits()
    limits.countMax = 2
    let control = FlowControl(limits: limits)
    let gate = control.gate(mount: "/", host: "h")
    let tasks = (0..<2000).map { index in
      Task(executorPreference: group.reactors[index % 2]) {
        do throws(UFSError) {
          let pass = try await gate.enter(.get, purpose: .load, flow: UInt64(index))
          await Task.yield()
          pass.finish(.ok(bytes: 0))
        } catch {
          #expect(error.code == .unavailable)
        }
      }
    }
    for (index, task) in tasks.enumerated() where index % 3 == 0 { task.cancel() }
    for task in tasks { await task.value }
    #expect(control.inFlightCount == 0)
    #expect(control.statistics.allSatisfy { $0.waiting == 0 })
    group.stop()
  }

  @Test("on the rings' own clock a deadline ends a wait without another request's help")
  func ringClock() async throws {
    try await Bench.run {
      var limits = FlowLimits()
      limits.countMax = 1
      let control = FlowControl(limits: limits)
      let gate = control.gate(mount: "/", host: "h")
      let held = try await gate.enter(.get, purpose: .demand)
      let now = try #require(Reactor.current).now
      await #expect(throws: UFSError.self) {
        let pass = try await gate.enter(.get, purpose: .demand, deadline: now + 20_000_000)
        pass.finish(.failed)
      }
      held.finish(.failed)
    }
  }
}

@Suite struct FlowRunTests {
  @Test("an operation is tried again after failures that can heal, with pauses that grow at random")
  func heals() async throws {
    let time = TestClock()
    let attempts = try await Bench.run {
      let gate = control(8, time).gate(mount: "/", host: "h")
      var attempts = 0
      let value = try await gate.run(.get, purpose: .demand) { _ throws(UFSError) in
        attempts += 1
        if attempts < 4 { throw failure(.unavailable) }
        return 7
      }
      #expect(value == 7)
      return attempts
    }
    #expect(attempts == 4)
    let pauses = time.slept.withLock { $0 }
    #expect(pauses.count == 3)
    #expect(pauses.allSatisfy { $0 >= .milliseconds(50) && $0 <= .seconds(3) })
  }

  @Test("what the store said for good is not asked again")
  func final() async throws {
    for code in [UFSError.Code.notFound, .denied, .changed, .exists, .invalid] {
      let attempts = try await Bench.run {
        let gate = control(8, TestClock()).gate(mount: "/", host: "h")
        var attempts = 0
        await #expect(throws: UFSError.self) {
          try await gate.run(.get, purpose: .demand) { _ throws(UFSError) in
            attempts += 1
            throw failure(code)
          }
        }
        return attempts
      }
      #expect(attempts == 1, "\(code)")
    }
  }

  @Test("a store's own pause is kept, and no pause goes past the deadline")
  func retryAfter() async throws {
    let time = TestClock()
    try await Bench.run {
      let gate = control(8, time).gate(mount: "/", host: "h")
      var attempts = 0
      try await gate.run(.get, purpose: .demand) { pass throws(UFSError) in
        attempts += 1
        if attempts == 1 {
          pass.retryAfter = .seconds(7)
          throw failure(.throttled)
        }
      }
      #expect(time.slept.withLock { $0 } == [.seconds(7)])
      let deadline = time.time.withLock { $0 } + 5_000_000_000
      await #expect(throws: UFSError.self) {
        try await gate.run(.get, purpose: .demand, deadline: deadline) { pass throws(UFSError) in
          attempts += 1
          pass.retryAfter = .seconds(7)
          throw failure(.throttled)
        }
      }
      #expect(attempts == 3)
    }
  }

  @Test(
    "with one failure in ten, ten thousand operations all succeed for at most 1.2 times the requests"
  )
  func tenPercent() async throws {
    for seed in seeds(5) {
      for code in [UFSError.Code.unavailable, .throttled] {
        let (requests, failed) = try await Bench.run {
          let control = FlowControl(clock: TestClock().jumpingClock, seed: seed)
          let gate = control.gate(mount: "/", host: "h")
          var random = SeededRandom(seed: seed)
          var (requests, failed) = (0, 0)
          for _ in 0..<10_000 {
            do throws(UFSError) {
              try await gate.run(.get, purpose: .load) { _ throws(UFSError) in
                requests += 1
                if random.below(10) == 0 { throw failure(code) }
              }
            } catch { failed += 1 }
          }
          return (requests, failed)
        }
        #expect(failed == 0, "SEED=\(seed)")
        #expect(requests <= 12_000, "SEED=\(seed)")
      }
    }
  }

  @Test("a store that always fails is asked hardly more often than there are operations")
  func outage() async throws {
    let requests = try await Bench.run {
      let gate = control(8, TestClock()).gate(mount: "/", host: "h")
      var requests = 0
      for _ in 0..<1000 {
        await #expect(throws: UFSError.self) {
          try await gate.run(.get, purpose: .load) { _ throws(UFSError) in
            requests += 1
            throw failure(.unavailable)
          }
        }
      }
      return requests
    }
    #expect(requests <= 1200)
  }

  @Test("a hedge is off unless asked for, needs samples, and is paid from the retry budget")
  func hedge() async throws {
    let time = TestClock()
    try await Bench.run {
      let control = control(8, time)
      let plain = control.gate(mount: "/plain", host: "h")
      var options = FlowOptions()
      options.hedgePercentile = 0.95
      let gate = control.gate(mount: "/", host: "h2", options: options)
      #expect(gate.hedgeDelay(.get) == nil)
      for _ in 0..<200 {
        for gate in [plain, gate] {
          var pass = try await gate.enter(.get, purpose: .demand)
          time.advance(by: .milliseconds(20))
          pass.answered()
          pass.finish(.ok(bytes: 1))
        }
      }
      #expect(plain.hedgeDelay(.get) == nil)
      let delay = try #require(gate.hedgeDelay(.get))
      #expect(delay >= .milliseconds(20) && delay <= .milliseconds(23))
      #expect(gate.hedgeDelay(.put) == nil)
      var hedges = 0
      while let pass = gate.beginHedge(.get, purpose: .demand) {
        hedges += 1
        pass.finish(.overtaken)
      }
      #expect((40...60).contains(hedges))
      let row = try #require(
        control.statistics.first { $0.mount == "/" && $0.verb == .get })
      #expect(row.counts.hedged == UInt64(hedges) && row.counts.hedgesWon == 0)
    }
  }

  @Test("a store that refuses, or a gate where somebody waits, gets no second requests")
  func noHedgeUnderThrottling() async throws {
    let time = TestClock()
    try await Bench.run {
      let control = control(2, time)
      let gate = control.gate(mount: "/", host: "h")
      let first = try await gate.enter(.get, purpose: .demand)
      let isHedged = gate.beginHedge(.get, purpose: .demand) != nil
      #expect(isHedged)
      first.finish(.throttled(retryAfter: nil))
      let isRefused = gate.beginHedge(.get, purpose: .demand) == nil
      #expect(isRefused)
      time.advance(by: .seconds(11))
      let isGranted = gate.beginHedge(.get, purpose: .demand) != nil
      #expect(isGranted)
      let one = try await gate.enter(.get, purpose: .demand)
      let two = try await gate.enter(.get, purpose: .demand)
      let isFull = gate.beginHedge(.get, purpose: .demand) == nil
      #expect(isFull)
      one.finish(.ok(bytes: 0))
      two.finish(.ok(bytes: 0))
    }
  }

  @Test("a pass that ends on no ring still wakes those whose time comes")
  func offRing() async throws {
    let group = try ReactorGroup(count: 1, pinned: false)
    let time = TestClock()
    var options = FlowOptions()
    options.bandwidth = 1000
    let control = control(1, time)
    let gate = control.gate(mount: "/", host: "h", options: options)
    let held = await group.reactors[0].run { () -> HeldPass? in
      do throws(UFSError) {
        return HeldPass(try await gate.enter(.put, purpose: .demand))
      } catch { return nil }
    }
    let waiter = Task(executorPreference: group.reactors[0]) { () -> Bool in
      do throws(UFSError) {
        let pass = try await gate.enter(.put, purpose: .demand, bytes: 1)
        pass.finish(.ok(bytes: 1))
        return true
      } catch { return false }
    }
    await untilWaiting(control, 1)
    let now = time.time.withLock { $0 }
    control.core.withLock { _ = $0.mounts[0].line?.reserve(500, for: .demand, now: now) }
    // This task runs on no ring: what it frees lets nobody go, and time alone will.
    #expect(Reactor.current == nil && time.wakes.withLock { $0.isEmpty })
    held?.end()
    #expect(time.wakes.withLock { $0.map { $0.isHeard } } == [true])
    time.advance(by: .milliseconds(500))
    #expect(await waiter.value)
    group.stop()
  }

  @Test("a stream is paced to the mount's bandwidth")
  func pace() async throws {
    let time = TestClock()
    try await Bench.run {
      var options = FlowOptions()
      options.bandwidth = 1 << 20
      let gate = control(8, time).gate(mount: "/", host: "h", options: options)
      let pass = try await gate.enter(.get, purpose: .load)
      let start = time.time.withLock { $0 }
      for _ in 0..<11 { await pass.pace(1 << 20) }
      pass.finish(.ok(bytes: 11 << 20))
      #expect(time.time.withLock { $0 } - start == 10_000_000_000)
    }
  }
}
