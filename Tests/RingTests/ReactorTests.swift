import CLinux
import Glibc
import Synchronization
import Testing

@testable import Ring

/// Runs `body` on a fresh reactor and stops it afterwards; checks that nothing stays in flight.
func withReactor<T: Sendable>(
  _ options: Reactor.Options = .init(), _ body: @escaping @Sendable (Reactor) async throws -> T
) async throws -> T {
  let reactor = try Reactor(options: options)
  let result = await reactor.run { () async -> Result<T, any Error> in
    do { return .success(try await body(reactor)) } catch { return .failure(error) }
  }
  reactor.stop()
  return try result.get()
}

/// A number that goes up.
private final class Count: Sendable {
  private let number = Atomic(0)
  var value: Int { number.load(ordering: .relaxed) }
  func add() { number.add(1, ordering: .relaxed) }
}

@Suite("Reactor")
struct ReactorTests {
  @Test("async code runs on the ring's thread and comes back to it after each await")
  func staysOnThread() async throws {
    try await withReactor { reactor in
      #expect(Reactor.current === reactor)
      reactor.preconditionOnReactor()
      await reactor.sleep(for: .milliseconds(1))
      #expect(reactor.isCurrent)
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<10 { group.addTask { reactor.isCurrent } }
        for await isCurrent in group { #expect(isCurrent) }
      }
    }
    #expect(Reactor.current == nil)
  }

  @Test("a ring's thread has short slices of its CPU, and goes before others when it wakes")
  func slice() async throws {
    let slice = try await withReactor { _ in pen_slice() }
    // Kernels before 6.12 have one slice for all.
    #expect(slice == 100_000 || slice == 0)
    var options = Reactor.Options()
    options.duty = .steady
    let steady = try ReactorGroup([options])
    let usual = await steady.reactors[0].run { pen_slice() }
    #expect(usual != 100_000)
    steady.stop()
  }

  @Test("a ring for background work is nicer to its CPU than its maker")
  func niceness() async throws {
    var options = Reactor.Options()
    options.duty = .background(niceness: 7)
    let own = pen_niceness()
    let group = try ReactorGroup([options])
    let found = await group.reactors[0].run { pen_niceness() }
    #expect(found == min(own + 7, 19))
    #expect(pen_niceness() == own)
    let pool = try BlockingPool(name: "nice", threads: 1, niceness: 5)
    #expect(await pool.run { pen_niceness() } == min(own + 5, 19))
    pool.stop()
    group.stop()
  }

  /// How many turns a ring for background work takes for 1,000 jobs that run for `time` each.
  private static func turns(ofJobs time: Duration) async throws -> Int {
    var options = Reactor.Options()
    options.duty = .background(niceness: 0)
    let group = try ReactorGroup([options])
    defer { group.stop() }
    let (turns, count) = await group.reactors[0].run {
      let reactor = group.reactors[0]
      let count = Count()
      let start = reactor.tickCount
      await withTaskGroup(of: Void.self) { tasks in
        for _ in 0..<1000 {
          tasks.addTask(executorPreference: reactor) {
            let end = ContinuousClock.now + time
            while ContinuousClock.now < end {}
            count.add()
          }
        }
      }
      return (reactor.tickCount - start, count.value)
    }
    #expect(count == 1000)
    return Int(turns)
  }

  @Test("a ring for background work runs many small jobs in one turn")
  func sharedTurns() async throws {
    // Jobs of nothing take a few microseconds, a turn 50: whoever gave the CPU away after each would need 1,000.
    let turns = try await Self.turns(ofJobs: .zero)
    #expect(turns < 800)
  }

  @Test("a ring for background work ends a turn in time, with one job at least")
  func briefTurns() async throws {
    // Five jobs of 10 µs fill a turn, so that 1,000 need 200 turns at least, and no ring of another duty takes as many; a
    // machine that is busy elsewhere ends turns sooner.
    let small = try await Self.turns(ofJobs: .microseconds(10))
    #expect(small >= 200)
    // As long as a turn may be, so that each has a turn of its own.
    #expect(try await Self.turns(ofJobs: .microseconds(50)) >= 1000)
  }

  @Test("a task on one ring runs work on another and returns to its own")
  func crossRing() async throws {
    let group = try ReactorGroup(count: 2, pinned: false)
    defer { group.stop() }
    let (first, second) = (group.reactors[0], group.reactors[1])
    let visited = await first.run {
      var visited: [Int] = []
      for _ in 0..<100 {
        visited.append(await second.run { Reactor.current?.index ?? -1 })
        visited.append(Reactor.current?.index ?? -1)
      }
      return visited
    }
    #expect(visited == Array(repeating: [1, 0], count: 100).flatMap { $0 })
  }

  @Test("timers fire in order of their deadlines and a cancelled one returns early")
  func timers() async throws {
    try await withReactor { reactor in
      let order = await withTaskGroup(of: Int.self) { group in
        for (index, delay) in [30, 10, 20].enumerated() {
          group.addTask {
            await reactor.sleep(for: .milliseconds(delay))
            return index
          }
        }
        var order: [Int] = []
        for await index in group { order.append(index) }
        return order
      }
      #expect(order == [1, 2, 0])
      let sleeper = Task(executorPreference: reactor) { await reactor.sleep(for: .seconds(3600)) }
      await Task.yield()
      sleeper.cancel()
      #expect(await sleeper.value == false)
    }
  }

  @Test("an operation with a time limit is cancelled when it passes")
  func timeLimit() async throws {
    try await withReactor { reactor in
      let (left, right) = try socketPair()
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 1)
      defer { unsafe buffer.deallocate() }
      let result = await unsafe reactor.receive(left, into: buffer, within: .milliseconds(5))
      #expect(result == -ECANCELED)
      var text: [UInt8] = Array("in time".utf8)
      #expect(unsafe Glibc.write(right, &text, text.count) == text.count)
      #expect(await unsafe reactor.receive(left, into: buffer, within: .seconds(10)) == 7)
      await reactor.close(left)
      await reactor.close(right)
      #expect(reactor.inFlightCount == 0)
    }
  }

  @Test("cancelling a descriptor ends the operations on it")
  func cancelDescriptor() async throws {
    try await withReactor { reactor in
      let (left, right) = try socketPair()
      let waiting = Task(executorPreference: reactor) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 1)
        defer { unsafe buffer.deallocate() }
        return await unsafe reactor.receive(left, into: buffer)
      }
      while reactor.inFlightCount == 0 { await Task.yield() }
      reactor.cancel(fd: left)
      #expect(await waiting.value == -ECANCELED)
      await reactor.close(left)
      await reactor.close(right)
    }
  }

  @Test("stopping cancels what is in flight and lets its tasks end")
  func stopCancels() async throws {
    let reactor = try Reactor()
    let (left, right) = try socketPair()
    let started = Atomic<Bool>(false)
    _ = started.load(ordering: .relaxed)
    let receiver = Task(executorPreference: reactor) {
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 1)
      defer { unsafe buffer.deallocate() }
      return await unsafe reactor.receive(left, into: buffer)
    }
    let sleeper = Task(executorPreference: reactor) { await reactor.sleep(for: .seconds(3600)) }
    await reactor.run { while reactor.inFlightCount == 0 { await Task.yield() } }
    reactor.stop()
    #expect(await receiver.value == -ECANCELED)
    #expect(await sleeper.value == false)
    Glibc.close(left)
    Glibc.close(right)
  }

  @Test("more operations than the table has slots wait their turn and all complete")
  func slotBackpressure() async throws {
    var options = Reactor.Options()
    options.operationCountMax = 4
    options.submissionEntries = 8
    try await withReactor(options) { reactor in
      let path = "/proc/self/exe"
      let fd = await reactor.open(at: AT_FDCWD, path, flags: O_RDONLY)
      #expect(fd >= 0)
      let total = await withTaskGroup(of: Int32.self) { group in
        for index in 0..<200 {
          group.addTask {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
            defer { unsafe buffer.deallocate() }
            return await unsafe reactor.read(fd, into: buffer, at: Int64(index))
          }
        }
        var total: Int32 = 0
        for await count in group { total += count }
        return total
      }
      #expect(total == 200 * 64)
      await reactor.close(fd)
      #expect(reactor.inFlightCount == 0)
    }
  }

  @Test("a burst larger than both queues loses no completion")
  func completionOverflow() async throws {
    var options = Reactor.Options()
    options.submissionEntries = 8
    options.completionEntries = 16
    try await withReactor(options) { reactor in
      let (left, right) = try socketPair()
      // 300 receives wait at once; the answers arrive in one burst.
      let sum = await withTaskGroup(of: Int.self) { group in
        for _ in 0..<300 {
          group.addTask {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
            defer { unsafe buffer.deallocate() }
            let result = await unsafe reactor.receive(left, into: buffer)
            return result == 1 ? 1 : 0
          }
        }
        while reactor.inFlightCount < 300 { await Task.yield() }
        var bytes = [UInt8](repeating: 7, count: 300)
        #expect(unsafe Glibc.write(right, &bytes, 300) == 300)
        var sum = 0
        for await one in group { sum += one }
        return sum
      }
      #expect(sum == 300)
      await reactor.close(left)
      await reactor.close(right)
    }
  }

  @Test("an idle reactor parks: no turns of the loop without work")
  func idleParks() async throws {
    let reactor = try Reactor()
    let before = await reactor.run { reactor.tickCount }
    // The only event in between is a timer of another thread's making.
    let other = try Reactor()
    await other.run { _ = await other.sleep(for: .milliseconds(200)) }
    let after = await reactor.run { reactor.tickCount }
    #expect(after - before < 10)
    other.stop()
    reactor.stop()
  }
}

/// A connected pair of stream sockets.
func socketPair() throws -> (Int32, Int32) {
  var pair: [Int32] = [-1, -1]
  let rc = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair)
  try #require(rc == 0)
  return (pair[0], pair[1])
}
